namespace Chaku.Training;

/// <summary>How a tuning run ended.</summary>
internal enum RunEnd
{
    /// <summary>All its steps are done.</summary>
    Complete,

    /// <summary>What is held out has not got better for as long as was asked for.</summary>
    StoppedEarly,

    /// <summary>It was told to stop; it can go on.</summary>
    Cancelled,

    /// <summary>The loss left all bounds.</summary>
    Diverged,
}
