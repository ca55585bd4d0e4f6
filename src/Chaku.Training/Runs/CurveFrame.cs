namespace Chaku.Training.Runs;

/// <summary>Where steps and losses lie in a rectangle that is measured in points or in cells.</summary>
/// <param name="FirstStep">At the left edge.</param>
/// <param name="LastStep">At the right edge.</param>
/// <param name="LeastLoss">At the lower edge.</param>
/// <param name="MostLoss">At the upper edge; what is above is drawn there.</param>
internal sealed record CurveFrame(long FirstStep, long LastStep, double LeastLoss, double MostLoss)
{
    private const double Headroom = 0.05;

    // Few peaks above all other losses would press the rest together.
    private const double ShownShare = 0.995;

    /// <summary>The frame of a run's losses.</summary>
    /// <param name="history">Losses of steps; at least one.</param>
    /// <param name="heldOut">What was measured; may be empty.</param>
    /// <param name="lastStep">The right edge; null takes the last step of all.</param>
    public static CurveFrame Around(
        IReadOnlyList<LossPoint> history, IReadOnlyList<HeldOutLoss> heldOut, long? lastStep = null)
    {
        float[] losses = [.. history.Select(point => point.Loss).Order()];
        double most = losses[(int)Math.Ceiling(ShownShare * losses.Length) - 1];
        double least = losses[0];
        long last = lastStep ?? history[^1].Step;
        foreach (HeldOutLoss measured in heldOut)
        {
            least = Math.Min(least, measured.Loss);
            most = Math.Max(most, measured.Loss);
            last = lastStep ?? Math.Max(last, measured.Step);
        }

        double room = most > least ? Headroom * (most - least) : 0.5;
        long first = heldOut.Count > 0 ? Math.Min(history[0].Step, heldOut[0].Step) : history[0].Step;
        return new CurveFrame(first, Math.Max(last, first + 1), Math.Max(0, least - room), most + room);
    }

    /// <summary>How far to the right a step is, in [0, 1].</summary>
    public double X(double step) => Math.Clamp((step - FirstStep) / (LastStep - FirstStep), 0, 1);

    /// <summary>How far up a loss is, in [0, 1].</summary>
    public double Y(double loss) => Math.Clamp((loss - LeastLoss) / (MostLoss - LeastLoss), 0, 1);

    /// <summary>
    /// Of the points in each column only those that can be seen: the least and the greatest, in their order.
    /// </summary>
    /// <param name="points">In the order of their steps.</param>
    /// <param name="columnCount">Columns from edge to edge.</param>
    public List<LossPoint> Thin(IReadOnlyList<LossPoint> points, int columnCount)
    {
        List<LossPoint> kept = [];
        for (int start = 0; start < points.Count;)
        {
            int column = Column(points[start], columnCount);
            int least = start;
            int most = start;
            int end = start + 1;
            for (; end < points.Count && Column(points[end], columnCount) == column; end++)
            {
                least = points[end].Loss < points[least].Loss ? end : least;
                most = points[end].Loss > points[most].Loss ? end : most;
            }

            kept.Add(points[Math.Min(least, most)]);
            if (least != most)
            {
                kept.Add(points[Math.Max(least, most)]);
            }

            start = end;
        }

        return kept;
    }

    private int Column(LossPoint point, int columnCount) => (int)(X(point.Step) * columnCount);
}
