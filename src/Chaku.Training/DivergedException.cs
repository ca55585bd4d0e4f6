namespace Chaku.Training;

/// <summary>A run that learnt nothing any more: its loss left all bounds.</summary>
/// <param name="message">What happened, what was kept, and what may help.</param>
/// <param name="report">What the run did; its kept step is 0 where nothing was written.</param>
internal sealed class DivergedException(string message, TuneReport report) : TrainingException(message)
{
    /// <summary>What the run did; its kept step is 0 where nothing was written.</summary>
    public TuneReport Report => report;
}
