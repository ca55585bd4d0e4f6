namespace Chaku.Training.Runs;

/// <summary>
/// The steps behind which a run is measured, or its values kept: a function of its options alone, never of the clock.
/// </summary>
/// <param name="stepCount">Steps in all.</param>
/// <param name="every">A mark behind every so many steps; null for a number of marks in all.</param>
/// <param name="count">How many then.</param>
internal sealed class RunMarks(long stepCount, long? every, int count)
{
    /// <summary>Whether there is a mark behind so many steps: always at the beginning and at the end.</summary>
    public bool IsAt(long step) => step == 0 || step == stepCount || (every is { } interval
        ? step % interval == 0
        : Share(step) > Share(step - 1));

    /// <summary>
    /// How many marks are still to come behind so many steps; one at the very beginning counts there.
    /// </summary>
    public int CountAfter(long step)
    {
        Int128 between = every is { } interval
            ? ((stepCount - 1) / interval) - (Math.Min(step, stepCount - 1) / interval)
            : Share(stepCount - 1) - Share(Math.Min(step, stepCount - 1));
        return (int)Int128.Min(int.MaxValue, between + 1 + (step == 0 ? 1 : 0));
    }

    private Int128 Share(long step) => (Int128)step * count / stepCount;
}
