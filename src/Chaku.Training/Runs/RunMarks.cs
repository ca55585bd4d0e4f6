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

    private Int128 Share(long step) => (Int128)step * count / stepCount;
}
