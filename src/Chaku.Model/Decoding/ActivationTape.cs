namespace Chaku.Model.Decoding;

/// <summary>
/// What the forward keeps for the backward. Norms, activation functions and experts are computed again.
/// </summary>
internal sealed class ActivationTape : IDisposable
{
    private readonly LayerTape[] _layers;

    /// <summary>A tape for a decoder of that many layers.</summary>
    public ActivationTape(int layerCount)
    {
        _layers = new LayerTape[layerCount];
        for (int layer = 0; layer < layerCount; layer++)
        {
            _layers[layer] = new LayerTape();
        }
    }

    /// <summary>[T, hidden]: the residual stream behind the last layer.</summary>
    public GrowingBuffer Final { get; } = new();

    /// <summary>Each layer's part.</summary>
    public IReadOnlyList<LayerTape> Layers => _layers;

    /// <inheritdoc/>
    public void Dispose()
    {
        Final.Dispose();
        foreach (LayerTape layer in _layers)
        {
            layer.Dispose();
        }
    }
}

/// <summary>What one layer's backward needs; keys and values are read from the cache.</summary>
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

    /// <inheritdoc/>
    public void Dispose()
    {
        GrowingBuffer[] buffers =
        [
            Input, Query, Attended, LogSumExp, ProjectedQuery, ProjectedKey, ProjectedValue, AttentionOutput, Middle,
            Activated, Factor, FeedForwardOutput,
        ];
        foreach (GrowingBuffer buffer in buffers)
        {
            buffer.Dispose();
        }

        Experts.Dispose();
    }
}
