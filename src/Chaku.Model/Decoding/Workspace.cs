using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;

namespace Chaku.Model.Decoding;

/// <summary>
/// What a forward needs beside weights and cache: threads, and buffers that grow to the largest batch.
/// </summary>
internal sealed class Workspace(ComputePool pool) : IDisposable
{
    /// <summary>Threads.</summary>
    public ComputePool Pool => pool;

    /// <summary>Told of every linear layer's input [T, in] while somebody measures; null otherwise.</summary>
    public Action<Linear, ReadOnlySpan<float>>? InputObserver { get; set; }

    /// <summary>[T, hidden]: the residual stream.</summary>
    public GrowingBuffer Residual { get; } = new();

    /// <summary>[T, hidden]: a norm's output.</summary>
    public GrowingBuffer Normed { get; } = new();

    /// <summary>[T, query width].</summary>
    public GrowingBuffer Query { get; } = new();

    /// <summary>[T, KV width].</summary>
    public GrowingBuffer Key { get; } = new();

    /// <summary>[T, KV width].</summary>
    public GrowingBuffer Value { get; } = new();

    /// <summary>[T, query width]: what attention gives.</summary>
    public GrowingBuffer Attended { get; } = new();

    /// <summary>
    /// [T, query width + 2 · KV width] or [T, 2 · inner]: outputs of a matrix that holds several parts.
    /// </summary>
    public GrowingBuffer Fused { get; } = new();

    /// <summary>[asked-for rows, hidden or query width]: rows of the last layer, side by side.</summary>
    public GrowingBuffer Selected { get; } = new();

    /// <summary>[asked-for rows, query width]: their queries.</summary>
    public GrowingBuffer SelectedQuery { get; } = new();

    /// <summary>[T, hidden]: attention's output before it joins the residual stream.</summary>
    public GrowingBuffer AttentionOutput { get; } = new();

    /// <summary>[T, inner]: what the activation function is applied to, and then the product.</summary>
    public GrowingBuffer Activated { get; } = new();

    /// <summary>[T, inner]: what its values are multiplied with.</summary>
    public GrowingBuffer Factor { get; } = new();

    /// <summary>[T, hidden]: the feed forward's output before it joins the residual stream.</summary>
    public GrowingBuffer FeedForwardOutput { get; } = new();

    /// <summary>Which experts the rows go through.</summary>
    public ExpertChoice Experts { get; } = new();

    /// <summary>[rows of an expert, hidden].</summary>
    public GrowingBuffer ExpertInput { get; } = new();

    /// <summary>[rows of an expert, hidden].</summary>
    public GrowingBuffer ExpertOutput { get; } = new();

    /// <summary>[T, r]: an adapter's inner product.</summary>
    public GrowingBuffer AdapterInner { get; } = new();

    /// <summary>[T, in]: an adapter's input after dropout.</summary>
    public GrowingBuffer AdapterInput { get; } = new();

    /// <summary>[T, rotated].</summary>
    public GrowingBuffer Cosines { get; } = new();

    /// <summary>[T, rotated].</summary>
    public GrowingBuffer Sines { get; } = new();

    /// <summary>[rows asked for, hidden]: what the output head multiplies.</summary>
    public GrowingBuffer Output { get; } = new();

    /// <summary>Inputs rounded in blocks of 32 and of 256.</summary>
    public RoundedActivations Rounded32 { get; } = new();

    /// <inheritdoc cref="Rounded32"/>
    public RoundedActivations Rounded256 { get; } = new();

    /// <summary>Bytes held.</summary>
    public long ByteLength =>
        Buffers.Sum(buffer => buffer.ByteLength) + Experts.ByteLength + Rounded32.ByteLength + Rounded256.ByteLength;

    private IEnumerable<GrowingBuffer> Buffers =>
    [
        Residual, Normed, Query, Key, Value, Attended, Fused, Selected, SelectedQuery, AttentionOutput, Activated,
        Factor, FeedForwardOutput, ExpertInput, ExpertOutput, AdapterInner, AdapterInput, Cosines, Sines, Output,
    ];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (GrowingBuffer buffer in Buffers)
        {
            buffer.Dispose();
        }

        Experts.Dispose();
        Rounded32.Dispose();
        Rounded256.Dispose();
    }
}
