using Chaku.Kernels.Memory;

namespace Chaku.Kernels.Ops;

/// <summary>A weight matrix, and where its product with activations goes: one of several that share them.</summary>
/// <param name="weight">W [N, K].</param>
/// <param name="y">[T, N], float32, overwritten.</param>
internal readonly ref struct WeightProduct(WeightMatrix weight, Span<float> y)
{
    /// <summary>W [N, K].</summary>
    public WeightMatrix Weight { get; } = weight;

    /// <summary>[T, N].</summary>
    public Span<float> Y { get; } = y;

    /// <summary>Whether there is none.</summary>
    public bool IsEmpty => Weight is null;
}
