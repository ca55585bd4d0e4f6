using Chaku.Model.Decoding;

namespace Chaku.Training.Gradients;

/// <summary>The backward of <see cref="DecoderLayer"/>.</summary>
internal sealed class LayerBackward(Decoder decoder, GradientSet gradients, LinearBackward linears) : IDisposable
{
    private readonly AttentionBackward _attention = new(decoder, gradients, linears);
    private readonly FeedForwardBackward _feedForward = new(decoder, linears);
    private readonly GrowingBuffer _dNormed = new();
    private readonly GrowingBuffer _dFeedForwardNormed = new();
    private readonly GrowingBuffer _dOutput = new();

    private Workspace Workspace => decoder.Workspace;

    /// <summary>Whether an adapter changes any linear layer of this layer.</summary>
    public static bool IsTrained(DecoderLayer layer, GradientSet gradients) =>
        layer.Attention.Linears.Concat(layer.FeedForward.Linears).Any(linear => gradients.For(linear) is not null);

    /// <summary>dx becomes the gradient of the layer's input.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="batch">As in the forward.</param>
    /// <param name="tape">What the forward kept; some of it is overwritten.</param>
    /// <param name="isLowest">Nothing below is trained: what only leads there is left out.</param>
    /// <param name="dx">[T, hidden], the gradient of the layer's output.</param>
    public void Run(DecoderLayer layer, Batch batch, LayerTape tape, bool isLowest, Span<float> dx)
    {
        bool isAttentionTrained =
            !isLowest || layer.Attention.Linears.Any(linear => gradients.For(linear) is not null);
        if (layer.IsParallel)
        {
            SideBySide(layer, batch, tape, isAttentionTrained, isLowest, dx);
        }
        else
        {
            InTurn(layer, batch, tape, isAttentionTrained, isLowest, dx);
        }
    }

    /// <summary>Bytes held.</summary>
    public long ByteLength =>
        Buffers.Sum(buffer => buffer.ByteLength) + _attention.ByteLength + _feedForward.ByteLength;

    private IEnumerable<GrowingBuffer> Buffers => [_dNormed, _dFeedForwardNormed, _dOutput];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (GrowingBuffer buffer in Buffers)
        {
            buffer.Dispose();
        }

        _attention.Dispose();
        _feedForward.Dispose();
    }

    private void InTurn(
        DecoderLayer layer, Batch batch, LayerTape tape, bool isAttentionTrained, bool isLowest, Span<float> dx)
    {
        ReadOnlySpan<float> middle = tape.Middle.Held(dx.Length);
        Span<float> dNormed = isAttentionTrained ? _dFeedForwardNormed.TakeZeros(dx.Length) : [];
        FeedForward(layer, batch, tape, Normed(layer.FeedForwardNorm!, middle), dx, dNormed);
        if (!isAttentionTrained)
        {
            return;
        }

        BackwardNorm(layer.FeedForwardNorm!, middle, dNormed, dx);
        ReadOnlySpan<float> input = tape.Input.Held(dx.Length);
        dNormed = isLowest ? [] : _dNormed.TakeZeros(dx.Length);
        Attention(layer, batch, tape, Normed(layer.AttentionNorm, input), dx, dNormed);
        if (!isLowest)
        {
            BackwardNorm(layer.AttentionNorm, input, dNormed, dx);
        }
    }

    // Both blocks get the same gradient, so the norms' are added when both are done.
    private void SideBySide(
        DecoderLayer layer, Batch batch, LayerTape tape, bool isAttentionTrained, bool isLowest, Span<float> dx)
    {
        ReadOnlySpan<float> input = tape.Input.Held(dx.Length);
        Span<float> dNormed = isLowest ? [] : _dNormed.TakeZeros(dx.Length);
        Span<float> dFeedForwardNormed = isLowest || layer.FeedForwardNorm is null
            ? dNormed
            : _dFeedForwardNormed.TakeZeros(dx.Length);
        Norm feedForwardNorm = layer.FeedForwardNorm ?? layer.AttentionNorm;
        FeedForward(layer, batch, tape, Normed(feedForwardNorm, input), dx, dFeedForwardNormed);
        if (isAttentionTrained)
        {
            Attention(layer, batch, tape, Normed(layer.AttentionNorm, input), dx, dNormed);
        }

        if (!isLowest)
        {
            BackwardNorm(layer.AttentionNorm, input, dNormed, dx);
            if (layer.FeedForwardNorm is not null)
            {
                BackwardNorm(layer.FeedForwardNorm, input, dFeedForwardNormed, dx);
            }
        }
    }

    private void FeedForward(
        DecoderLayer layer,
        Batch batch,
        LayerTape tape,
        ReadOnlySpan<float> normed,
        ReadOnlySpan<float> dx,
        Span<float> dNormed)
    {
        ReadOnlySpan<float> dOutput = BeforePostNorm(layer.PostFeedForwardNorm, tape.FeedForwardOutput, dx);
        _feedForward.Run(layer.FeedForward, batch, tape, normed, dOutput, dNormed);
    }

    private void Attention(
        DecoderLayer layer,
        Batch batch,
        LayerTape tape,
        ReadOnlySpan<float> normed,
        ReadOnlySpan<float> dx,
        Span<float> dNormed)
    {
        ReadOnlySpan<float> dOutput = BeforePostNorm(layer.PostAttentionNorm, tape.AttentionOutput, dx);
        _attention.Run(layer.Attention, batch, tape, normed, dOutput, dNormed);
    }

    private ReadOnlySpan<float> Normed(Norm norm, ReadOnlySpan<float> x)
    {
        Span<float> normed = Workspace.Normed.Take(x.Length);
        norm.Forward(Workspace.Pool, x, normed);
        return normed;
    }

    private void BackwardNorm(Norm norm, ReadOnlySpan<float> x, ReadOnlySpan<float> dy, Span<float> dx) =>
        NormBackward.Run(Workspace.Pool, gradients, norm, x, dy, dx);

    private ReadOnlySpan<float> BeforePostNorm(Norm? norm, GrowingBuffer output, ReadOnlySpan<float> dx)
    {
        if (norm is null)
        {
            return dx;
        }

        Span<float> dOutput = _dOutput.TakeZeros(dx.Length);
        BackwardNorm(norm, output.Held(dx.Length), dx, dOutput);
        return dOutput;
    }
}
