namespace Chaku.Model.Decoding;

/// <summary>What the forward keeps for the backward. Norms and gate · up are computed again.</summary>
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

    /// <summary>[T, hidden]: the residual stream between attention and feed forward.</summary>
    public GrowingBuffer Middle { get; } = new();

    /// <summary>[T, inner].</summary>
    public GrowingBuffer Gate { get; } = new();

    /// <summary>[T, inner].</summary>
    public GrowingBuffer Up { get; } = new();

    /// <inheritdoc/>
    public void Dispose()
    {
        GrowingBuffer[] buffers = [Input, Query, Attended, LogSumExp, Middle, Gate, Up];
        foreach (GrowingBuffer buffer in buffers)
        {
            buffer.Dispose();
        }
    }
}
