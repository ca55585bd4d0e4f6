namespace Chaku.Training.Optimisation;

/// <summary>
/// How the learning rate falls behind the warm-up: an entry of <see cref="LearningRateSchedules.All"/>.
/// </summary>
/// <param name="Name">The name that a command line takes.</param>
/// <param name="Factor">Factor of the peak for the share of steps behind the warm-up that are done, in [0, 1].</param>
internal sealed record LearningRateSchedule(string Name, Func<double, double> Factor)
{
    /// <summary>The learning rate of a step: a linear climb over the warm-up, then the schedule.</summary>
    /// <param name="peak">The largest.</param>
    /// <param name="step">Counted from 0.</param>
    /// <param name="stepCount">Steps in all.</param>
    /// <param name="warmupCount">Steps of the climb; step 0 has a share of it already.</param>
    public double At(double peak, long step, long stepCount, long warmupCount)
    {
        if (step < warmupCount)
        {
            return peak * (step + 1) / warmupCount;
        }

        double done = (double)(step - warmupCount) / Math.Max(1, stepCount - warmupCount);
        return peak * Factor(Math.Clamp(done, 0, 1));
    }
}

/// <summary>The table of schedules. A new one is one line here.</summary>
internal static class LearningRateSchedules
{
    /// <summary>Every schedule; the first is the default.</summary>
    public static readonly IReadOnlyList<LearningRateSchedule> All =
    [
        new("cosine", done => 0.5 * (1 + Math.Cos(Math.PI * done))),
        new("linear", done => 1 - done),
        new("constant", _ => 1),
    ];
}
