using Chaku.Kernels.Ops;

namespace Chaku.Model.Decoding;

/// <summary>The rotary embedding of a batch: its angles are computed once and turn every layer's heads.</summary>
/// <param name="config">Dimensions and frequencies.</param>
/// <param name="workspace">Threads, and the angles.</param>
internal sealed class Rotation(RotaryConfig config, Workspace workspace)
{
    private readonly double[] _frequencies = config.Frequencies();

    /// <summary>Computes the angles of a batch.</summary>
    /// <param name="positions">[T], absolute.</param>
    public void Prepare(ReadOnlySpan<int> positions)
    {
        int width = config.DimensionCount;
        Span<float> cosines = workspace.Cosines.Take(positions.Length * width);
        Span<float> sines = workspace.Sines.Take(positions.Length * width);
        for (int row = 0; row < positions.Length; row++)
        {
            RotaryEmbedding.Angles(
                config.Layout,
                positions[row],
                _frequencies,
                config.Magnitude,
                cosines.Slice(row * width, width),
                sines.Slice(row * width, width));
        }
    }

    /// <summary>Turns every head of every token, in place.</summary>
    /// <param name="x">[T, heads, head size].</param>
    /// <param name="headSize">Floats in a head.</param>
    /// <param name="rowCount">T, as prepared.</param>
    public void Forward(Span<float> x, int headSize, int rowCount) => RotaryEmbedding.Forward(
        workspace.Pool,
        config.Layout,
        x,
        headSize,
        rowCount,
        Held(workspace.Cosines, rowCount),
        Held(workspace.Sines, rowCount));

    /// <summary>Turns gradients back, in place.</summary>
    /// <param name="dx">[T, heads, head size].</param>
    /// <param name="headSize">Floats in a head.</param>
    /// <param name="rowCount">T, as prepared.</param>
    public void Backward(Span<float> dx, int headSize, int rowCount) => RotaryEmbedding.Backward(
        workspace.Pool,
        config.Layout,
        dx,
        headSize,
        rowCount,
        Held(workspace.Cosines, rowCount),
        Held(workspace.Sines, rowCount));

    private ReadOnlySpan<float> Held(GrowingBuffer buffer, int rowCount) =>
        buffer.Held(rowCount * config.DimensionCount);
}
