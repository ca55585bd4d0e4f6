namespace Chaku.Kernels.Ops;

/// <summary>Which dimensions of a head <see cref="RotaryEmbedding"/> turns together.</summary>
internal enum RotaryLayout
{
    /// <summary>Neighbours: 2i and 2i + 1.</summary>
    Pairs,

    /// <summary>One of each half of the rotated dimensions: i and i + rotated / 2.</summary>
    Halves,
}
