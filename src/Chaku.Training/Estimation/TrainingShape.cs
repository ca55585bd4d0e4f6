using Chaku.Training.Optimisation;

namespace Chaku.Training.Estimation;

/// <summary>What the memory of a training step depends on, apart from the model.</summary>
internal sealed record TrainingShape
{
    /// <summary>Tokens of the largest micro-batch.</summary>
    public required int TokenCount { get; init; }

    /// <summary>Its sequences: each takes whole pages of the cache.</summary>
    public required int SequenceCount { get; init; }

    /// <summary>Numbers that are trained.</summary>
    public required long ParameterCount { get; init; }

    /// <summary>Whether all weights are trained, float32 in memory.</summary>
    public bool IsFull { get; init; }

    /// <summary>Rank of the adapter; 0 without one.</summary>
    public int Rank { get; init; }

    /// <summary>Whether the adapter's inputs are dropped out.</summary>
    public bool HasDropout { get; init; }

    /// <summary>Whether rows have magnitudes: DoRA.</summary>
    public bool HasMagnitudes { get; init; }

    /// <summary>Whether layers are computed again in the backward instead of being kept.</summary>
    public bool UsesGradientCheckpointing { get; init; }

    /// <summary>Whether the loss is measured on what is held out, by a forward that keeps nothing.</summary>
    public bool Validates { get; init; }

    /// <summary>The optimiser.</summary>
    public required OptimiserKind Optimiser { get; init; }

    /// <summary>The shape of a run before its first step.</summary>
    /// <param name="options">What is asked for.</param>
    /// <param name="optimiser">The optimiser.</param>
    /// <param name="parameterCount">Numbers that are trained.</param>
    /// <param name="tokenCount">Tokens of the largest micro-batch.</param>
    /// <param name="sequenceCount">Its sequences.</param>
    public static TrainingShape Of(
        TuneOptions options, OptimiserKind optimiser, long parameterCount, int tokenCount, int sequenceCount) => new()
        {
            TokenCount = tokenCount,
            SequenceCount = sequenceCount,
            ParameterCount = parameterCount,
            IsFull = options.IsFull,
            Rank = options.IsFull ? 0 : options.Rank,
            HasDropout = options.Dropout > 0,
            HasMagnitudes = options.IsWeightDecomposed,
            UsesGradientCheckpointing = options.GradientCheckpointing == GradientCheckpointing.On,
            Validates = options.ValidationShare > 0,
            Optimiser = optimiser,
        };
}
