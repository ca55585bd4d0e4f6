using Chaku.Kernels.Ops;

namespace Chaku.Training.Optimisation;

/// <summary>What the optimiser does, apart from data and adapter.</summary>
internal sealed record TrainingSettings
{
    /// <summary>Steps in all.</summary>
    public required long StepCount { get; init; }

    /// <summary>The largest learning rate.</summary>
    public double LearningRate { get; init; } = 2e-4;

    /// <summary>What the learning rate of an adapter's B is multiplied with: LoRA+.</summary>
    public double LoraPlusRatio { get; init; } = 1;

    /// <summary>How it falls.</summary>
    public LearningRateSchedule Schedule { get; init; } = LearningRateSchedules.All[0];

    /// <summary>Steps over which it climbs.</summary>
    public long WarmupCount { get; init; }

    /// <summary>The optimiser's kind.</summary>
    public OptimiserKind OptimiserKind { get; init; } = OptimiserKinds.All[0];

    /// <summary>The optimiser's constants.</summary>
    public AdamW Optimiser { get; init; } = new(0.9, 0.999, 1e-8, 0.01);

    /// <summary>Gradients with a larger norm are scaled down to it; 0 leaves them.</summary>
    public double ClipNorm { get; init; } = 1;

    /// <summary>Share of the adapter's inputs that become zero.</summary>
    public double DropoutRate { get; init; }

    /// <summary>
    /// Whether layers' activations are computed again in the backward instead of being kept: the same bits.
    /// </summary>
    public bool UsesGradientCheckpointing { get; init; }

    /// <summary>Seed of dropout.</summary>
    public ulong Seed { get; init; }
}
