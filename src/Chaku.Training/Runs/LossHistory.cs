namespace Chaku.Training.Runs;

/// <summary>The loss of a step.</summary>
/// <param name="Step">Counted from 1.</param>
/// <param name="Loss">In natural units.</param>
internal readonly record struct LossPoint(long Step, float Loss);

/// <summary>The losses of a run's steps in their order, and a smooth line through them.</summary>
internal sealed class LossHistory
{
    // The line forgets over so many steps at least, and over no more than a share of the run.
    private const double LeastMemory = 5;
    private const double MemoryShare = 1.0 / 40;

    private readonly List<LossPoint> _points = [];

    /// <summary>The losses, a step each.</summary>
    public IReadOnlyList<LossPoint> Points => _points;

    /// <summary>Adds a step's; what was known of it and of later ones is forgotten: they are done again.</summary>
    public void Add(long step, double loss)
    {
        int first = _points.FindLastIndex(point => point.Step < step) + 1;
        _points.RemoveRange(first, _points.Count - first);
        _points.Add(new LossPoint(step, (float)loss));
    }

    /// <summary>
    /// A running mean that forgets exponentially, without the pull of a start: the same length as
    /// <see cref="Points"/>.
    /// </summary>
    public float[] Smooth()
    {
        double keep = 1 - (1 / Math.Max(LeastMemory, MemoryShare * _points.Count));
        float[] smooth = new float[_points.Count];
        double sum = 0;
        double weight = 0;
        for (int i = 0; i < smooth.Length; i++)
        {
            sum = (keep * sum) + _points[i].Loss;
            weight = (keep * weight) + 1;
            smooth[i] = (float)(sum / weight);
        }

        return smooth;
    }
}
