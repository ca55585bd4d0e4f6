namespace Chaku.Training.Estimation;

/// <summary>When layers are computed again in the backward instead of being kept; the bits are the same.</summary>
internal enum GradientCheckpointing
{
    /// <summary>Where the memory would not be enough otherwise.</summary>
    Auto,

    /// <summary>Always.</summary>
    On,

    /// <summary>Never.</summary>
    Off,
}
