using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;
using Chaku.Model.Decoding;

namespace Chaku.Training.Gradients;

/// <summary>The backward of <see cref="DecoderLayer"/>.</summary>
internal sealed class LayerBackward(Decoder decoder, AdapterGradients gradients, LinearBackward linears) : IDisposable
{
    private readonly GrowingBuffer _dNormed = new();
    private readonly GrowingBuffer _dProduct = new();
    private readonly GrowingBuffer _dAttended = new();
    private readonly GrowingBuffer _dQuery = new();
    private readonly GrowingBuffer _dKey = new();
    private readonly GrowingBuffer _dValue = new();

    private Workspace Workspace => decoder.Workspace;

    private ComputePool Pool => decoder.Workspace.Pool;

    /// <summary>dx becomes the gradient of the layer's input.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="batch">As in the forward.</param>
    /// <param name="tape">What the forward kept; gate and up are overwritten.</param>
    /// <param name="isLowest">Nothing below is trained: what only leads there is left out.</param>
    /// <param name="dx">[T, hidden], the gradient of the layer's output.</param>
    public void Run(DecoderLayer layer, Batch batch, LayerTape tape, bool isLowest, Span<float> dx)
    {
        bool isAttentionTrained = !isLowest || IsTrained(layer.Query) || IsTrained(layer.Key)
            || IsTrained(layer.Value) || IsTrained(layer.AttentionOutput);
        FeedForward(layer, batch, tape, isAttentionTrained, dx);
        if (isAttentionTrained)
        {
            Attention(layer, batch, tape, !isLowest, dx);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        GrowingBuffer[] buffers = [_dNormed, _dProduct, _dAttended, _dQuery, _dKey, _dValue];
        foreach (GrowingBuffer buffer in buffers)
        {
            buffer.Dispose();
        }
    }

    private static Span<float> Zeros(GrowingBuffer buffer, int count)
    {
        Span<float> zeros = buffer.Take(count);
        zeros.Clear();
        return zeros;
    }

    private bool IsTrained(Linear linear) => gradients.For(linear) is not null;

    private void FeedForward(DecoderLayer layer, Batch batch, LayerTape tape, bool goesBelow, Span<float> dx)
    {
        DecoderConfig config = decoder.Config;
        int width = batch.Tokens.Length * config.FeedForward.InnerSize;
        Span<float> gate = tape.Gate.Held(width);
        Span<float> up = tape.Up.Held(width);
        Span<float> product = Workspace.Gate.Take(width);
        ActivationFunctions.Silu.ForwardGated(Pool, gate, up, product);
        Span<float> dProduct = Zeros(_dProduct, width);
        linears.Run(layer.Down, batch.Runs, product, dx, dProduct);
        ActivationFunctions.Silu.BackwardGatedInPlace(Pool, gate, up, dProduct);

        ReadOnlySpan<float> middle = tape.Middle.Held(dx.Length);
        Span<float> normed = Workspace.Normed.Take(dx.Length);
        RmsNorm.Forward(Pool, middle, layer.Weights.FeedForwardNorm, config.Norm.Epsilon, normed);
        Span<float> dNormed = goesBelow ? Zeros(_dNormed, dx.Length) : [];
        linears.Run(layer.Gate, batch.Runs, normed, gate, dNormed);
        linears.Run(layer.Up, batch.Runs, normed, up, dNormed);
        if (goesBelow)
        {
            RmsNorm.Backward(Pool, middle, layer.Weights.FeedForwardNorm, config.Norm.Epsilon, dNormed, dx);
        }
    }

    private void Attention(DecoderLayer layer, Batch batch, LayerTape tape, bool goesBelow, Span<float> dx)
    {
        DecoderConfig config = decoder.Config;
        int rowCount = batch.Tokens.Length;
        ReadOnlySpan<float> attended = tape.Attended.Held(rowCount * config.Attention.QueryWidth);
        Span<float> dAttended = Zeros(_dAttended, attended.Length);
        linears.Run(layer.AttentionOutput, batch.Runs, attended, dx, dAttended);

        Span<float> dq = _dQuery.Take(attended.Length);
        Span<float> dk = _dKey.Take(rowCount * config.Attention.KvWidth);
        Span<float> dv = _dValue.Take(dk.Length);
        ReadOnlySpan<float> logSumExp = tape.LogSumExp.Held(rowCount * config.Attention.HeadCount);
        ReadOnlySpan<float> q = tape.Query.Held(attended.Length);
        SelfAttentionBackward.Run(
            Pool, layer.Shape, batch.Spans, q, attended, logSumExp, dAttended, dq, dk, dv);
        int rotated = rowCount * config.Rotary.DimensionCount;
        ReadOnlySpan<float> cosines = Workspace.Cosines.Held(rotated);
        ReadOnlySpan<float> sines = Workspace.Sines.Held(rotated);
        RotaryEmbedding.Backward(RotaryLayout.Pairs, dq, config.Attention.HeadSize, rowCount, cosines, sines);
        RotaryEmbedding.Backward(RotaryLayout.Pairs, dk, config.Attention.HeadSize, rowCount, cosines, sines);

        ReadOnlySpan<float> input = tape.Input.Held(dx.Length);
        Span<float> normed = Workspace.Normed.Take(dx.Length);
        RmsNorm.Forward(Pool, input, layer.Weights.AttentionNorm, config.Norm.Epsilon, normed);
        Span<float> dNormed = goesBelow ? Zeros(_dNormed, dx.Length) : [];
        linears.Run(layer.Query, batch.Runs, normed, dq, dNormed);
        linears.Run(layer.Key, batch.Runs, normed, dk, dNormed);
        linears.Run(layer.Value, batch.Runs, normed, dv, dNormed);
        if (goesBelow)
        {
            RmsNorm.Backward(Pool, input, layer.Weights.AttentionNorm, config.Norm.Epsilon, dNormed, dx);
        }
    }
}
