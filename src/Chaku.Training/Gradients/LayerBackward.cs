using Chaku.Kernels.Ops;
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
    /// <param name="onlyOutputs">As in the forward: the output has the asked-for rows alone.</param>
    /// <param name="dx">[T, hidden], the gradient of the layer's output, at its beginning.</param>
    public void Run(
        DecoderLayer layer, Batch batch, LayerTape tape, bool isLowest, bool onlyOutputs, Span<float> dx)
    {
        bool isAttentionTrained =
            !isLowest || layer.Attention.Linears.Any(linear => gradients.For(linear) is not null);
        if (layer.IsParallel)
        {
            SideBySide(layer, batch, tape, isAttentionTrained, isLowest, onlyOutputs, dx);
        }
        else
        {
            InTurn(layer, batch, tape, isAttentionTrained, isLowest, onlyOutputs, dx);
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
        DecoderLayer layer,
        Batch batch,
        LayerTape tape,
        bool isAttentionTrained,
        bool isLowest,
        bool onlyOutputs,
        Span<float> dx)
    {
        Span<float> dOutput = onlyOutputs ? OfOutputs(batch, dx) : dx;
        ReadOnlySpan<float> middle = tape.Middle.Held(dOutput.Length);
        Span<float> dNormed = isAttentionTrained ? _dFeedForwardNormed.TakeZeros(dOutput.Length) : [];
        Span<float> normed = Normed(layer.FeedForwardNorm!, middle);
        FeedForward(layer, RunsOf(batch, onlyOutputs), tape, normed, dOutput, dNormed);
        if (!isAttentionTrained)
        {
            return;
        }

        BackwardNorm(layer.FeedForwardNorm!, middle, dNormed, dOutput);
        ReadOnlySpan<float> input = tape.Input.Held(dx.Length);
        dNormed = isLowest ? [] : _dNormed.TakeZeros(dx.Length);
        Attention(layer, batch, tape, Normed(layer.AttentionNorm, input), onlyOutputs, dOutput, dNormed);
        if (isLowest)
        {
            return;
        }

        if (onlyOutputs)
        {
            RowSelection.Spread(dx, batch.OutputRowNumbers, decoder.Config.HiddenSize);
        }

        BackwardNorm(layer.AttentionNorm, input, dNormed, dx);
    }

    // Both blocks get the same gradient, so the norms' are added when both are done.
    private void SideBySide(
        DecoderLayer layer,
        Batch batch,
        LayerTape tape,
        bool isAttentionTrained,
        bool isLowest,
        bool onlyOutputs,
        Span<float> dx)
    {
        ReadOnlySpan<int> rows = batch.OutputRowNumbers;
        int hidden = decoder.Config.HiddenSize;
        Span<float> dOutput = onlyOutputs ? OfOutputs(batch, dx) : dx;
        ReadOnlySpan<float> input = tape.Input.Held(dx.Length);
        Span<float> dNormed = isLowest ? [] : _dNormed.TakeZeros(dx.Length);
        bool sharesGradient = layer.FeedForwardNorm is null && !onlyOutputs;
        Span<float> dFeedForwardNormed =
            isLowest || sharesGradient ? dNormed : _dFeedForwardNormed.TakeZeros(dx.Length);
        Span<float> normed = Normed(layer.FeedForwardNorm ?? layer.AttentionNorm, input);
        if (onlyOutputs)
        {
            RowSelection.Gather(normed, rows, hidden, normed);
        }

        Span<float> dInput = isLowest ? [] : dFeedForwardNormed[..dOutput.Length];
        FeedForward(layer, RunsOf(batch, onlyOutputs), tape, normed[..dOutput.Length], dOutput, dInput);
        if (isAttentionTrained)
        {
            Attention(layer, batch, tape, Normed(layer.AttentionNorm, input), onlyOutputs, dOutput, dNormed);
        }

        if (isLowest)
        {
            return;
        }

        if (onlyOutputs)
        {
            RowSelection.Spread(dx, rows, hidden);
            RowSelection.Spread(dFeedForwardNormed, rows, hidden);
        }

        if (layer.FeedForwardNorm is not null)
        {
            BackwardNorm(layer.AttentionNorm, input, dNormed, dx);
            BackwardNorm(layer.FeedForwardNorm, input, dFeedForwardNormed, dx);
            return;
        }

        if (!sharesGradient)
        {
            VectorMath.Add(dFeedForwardNormed, dNormed);
        }

        BackwardNorm(layer.AttentionNorm, input, dNormed, dx);
    }

    private static ReadOnlySpan<AdapterRun> RunsOf(Batch batch, bool onlyOutputs) =>
        onlyOutputs ? batch.OutputRuns(0, batch.OutputRowNumbers.Length) : batch.Runs;

    private Span<float> OfOutputs(Batch batch, Span<float> dx) =>
        dx[..(batch.OutputRowNumbers.Length * decoder.Config.HiddenSize)];

    private void FeedForward(
        DecoderLayer layer,
        ReadOnlySpan<AdapterRun> runs,
        LayerTape tape,
        ReadOnlySpan<float> normed,
        ReadOnlySpan<float> dx,
        Span<float> dNormed)
    {
        ReadOnlySpan<float> dOutput = BeforePostNorm(layer.PostFeedForwardNorm, tape.FeedForwardOutput, dx);
        _feedForward.Run(layer.FeedForward, runs, tape, normed, dOutput, dNormed);
    }

    private void Attention(
        DecoderLayer layer,
        Batch batch,
        LayerTape tape,
        ReadOnlySpan<float> normed,
        bool onlyOutputs,
        ReadOnlySpan<float> dx,
        Span<float> dNormed)
    {
        ReadOnlySpan<float> dOutput = BeforePostNorm(layer.PostAttentionNorm, tape.AttentionOutput, dx);
        _attention.Run(layer.Attention, batch, tape, normed, onlyOutputs, dOutput, dNormed);
    }

    private Span<float> Normed(Norm norm, ReadOnlySpan<float> x)
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
