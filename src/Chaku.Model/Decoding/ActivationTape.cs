namespace Chaku.Model.Decoding;

/// <summary>
/// What the forward keeps for the backward. Norms, activation functions and experts are computed again; with gradient
/// checkpointing whole layers are, from their inputs. Source: arXiv:1604.06174.
/// </summary>
internal sealed class ActivationTape : IDisposable
{
    private readonly LayerTape?[] _layers;
    private readonly GrowingBuffer?[] _inputs;

    /// <summary>A tape for a decoder of that many layers.</summary>
    /// <param name="layerCount">Layers.</param>
    /// <param name="lowestLayer">The lowest whose backward runs: nothing is kept for those below.</param>
    /// <param name="isCheckpointed">
    /// Keeps the inputs of layers, and everything of the last one alone, whose tape the others share one by one.
    /// </param>
    public ActivationTape(int layerCount, int lowestLayer = 0, bool isCheckpointed = false)
    {
        _layers = new LayerTape?[layerCount];
        _inputs = new GrowingBuffer?[layerCount];
        for (int layer = Math.Max(0, lowestLayer); layer < layerCount; layer++)
        {
            if (isCheckpointed && layer < layerCount - 1)
            {
                _inputs[layer] = new GrowingBuffer();
            }
            else
            {
                _layers[layer] = new LayerTape();
            }
        }
    }

    /// <summary>
    /// [T, hidden]: the residual stream behind the last layer; of asked-for rows alone where others are left out.
    /// </summary>
    public GrowingBuffer Final { get; } = new();

    /// <summary>Bytes held.</summary>
    public long ByteLength =>
        Final.ByteLength + _inputs.Sum(input => input?.ByteLength ?? 0) + _layers.Sum(layer => layer?.ByteLength ?? 0);

    /// <summary>What is kept of a layer; null where its backward never runs, or it is computed again.</summary>
    public LayerTape? For(int layer) => _layers[layer];

    /// <summary>[T, hidden]: the input of a layer that is computed again; null for the others.</summary>
    public GrowingBuffer? InputOf(int layer) => _inputs[layer];

    /// <summary>The tape that layers computed again share.</summary>
    public LayerTape Shared => _layers[^1]!;

    /// <inheritdoc/>
    public void Dispose()
    {
        Final.Dispose();
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            _layers[layer]?.Dispose();
            _inputs[layer]?.Dispose();
        }
    }
}

/// <summary>What one layer's backward needs; keys and values are read from the cache.</summary>
/// <remarks>
/// Where the last layer leaves out rows that are not asked for, all that comes behind attention has the others alone.
/// </remarks>
internal sealed class LayerTape : IDisposable
{
    /// <summary>[T, hidden]: the residual stream before the layer.</summary>
    public GrowingBuffer Input { get; } = new();

    /// <summary>[T, query width]: queries behind the rotation.</summary>
    public GrowingBuffer Query { get; } = new();

    /// <summary>[T, query width]: what attention gives.</summary>
    public GrowingBuffer Attended { get; } = new();

    /// <summary>[T, heads]: log Σ e^score.</summary>
    public GrowingBuffer LogSumExp { get; } = new();

    /// <summary>[T, query width]: queries before norms and rotation, limited, where the backward needs them.</summary>
    public GrowingBuffer ProjectedQuery { get; } = new();

    /// <summary>[T, KV width]: keys before norms and rotation, limited, where the backward needs them.</summary>
    public GrowingBuffer ProjectedKey { get; } = new();

    /// <summary>[T, KV width]: values, limited, where the backward needs them.</summary>
    public GrowingBuffer ProjectedValue { get; } = new();

    /// <summary>[T, hidden]: attention's output, where a norm follows.</summary>
    public GrowingBuffer AttentionOutput { get; } = new();

    /// <summary>
    /// [T, hidden]: the residual stream between attention and feed forward; unused where both read one.
    /// </summary>
    public GrowingBuffer Middle { get; } = new();

    /// <summary>[T, inner]: what the activation function is applied to.</summary>
    public GrowingBuffer Activated { get; } = new();

    /// <summary>[T, inner]: what its values are multiplied with.</summary>
    public GrowingBuffer Factor { get; } = new();

    /// <summary>Which experts the rows went through.</summary>
    public ExpertChoice Experts { get; } = new();

    /// <summary>[T, hidden]: the feed forward's output, where a norm follows.</summary>
    public GrowingBuffer FeedForwardOutput { get; } = new();

    /// <summary>Bytes held.</summary>
    public long ByteLength => Buffers.Sum(buffer => buffer.ByteLength) + Experts.ByteLength;

    private IEnumerable<GrowingBuffer> Buffers =>
    [
        Input, Query, Attended, LogSumExp, ProjectedQuery, ProjectedKey, ProjectedValue, AttentionOutput, Middle,
        Activated, Factor, FeedForwardOutput,
    ];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (GrowingBuffer buffer in Buffers)
        {
            buffer.Dispose();
        }

        Experts.Dispose();
    }
}
