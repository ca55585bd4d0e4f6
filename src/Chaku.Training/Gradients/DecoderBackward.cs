using Chaku.Kernels.Ops;
using Chaku.Model.Decoding;

namespace Chaku.Training.Gradients;

/// <summary>
/// Loss and gradients of a batch: the serving forward with a tape, cross-entropy on the asked-for rows in tiles, and
/// the layers in reverse down to the lowest one that is trained, or to the embedding.
/// </summary>
internal sealed class DecoderBackward : IDisposable
{
    /// <summary>
    /// Rows whose logits are held at a time: for each of these tiles the output head's weights are dequantised once.
    /// </summary>
    public const int RowTile = 256;

    private readonly Decoder _decoder;
    private readonly GradientSet _gradients;
    private readonly ActivationTape _tape;
    private readonly LinearBackward _linears;
    private readonly LayerBackward _layers;
    private readonly EmbeddingBackward _embedding;
    private readonly int _lowestLayer;
    private readonly GrowingBuffer _logits = new();
    private readonly GrowingBuffer _capped = new();
    private readonly GrowingBuffer _dOutput = new();
    private readonly GrowingBuffer _dResidual = new();

    /// <summary>A backward that adds to the given gradients.</summary>
    /// <param name="decoder">The model.</param>
    /// <param name="gradients">What is trained.</param>
    /// <param name="isCheckpointed">
    /// Keeps the inputs of layers alone, and runs each layer's forward again before its backward: the same bits in less
    /// memory and more time.
    /// </param>
    public DecoderBackward(Decoder decoder, GradientSet gradients, bool isCheckpointed = false)
    {
        _decoder = decoder;
        _gradients = gradients;
        _linears = new LinearBackward(decoder, gradients);
        _layers = new LayerBackward(decoder, gradients, _linears);
        _embedding = new EmbeddingBackward(decoder, gradients);
        _lowestLayer = LowestLayer(decoder, gradients);
        _tape = new ActivationTape(decoder.Layers.Count, _lowestLayer, isCheckpointed);
    }

    /// <summary>Bytes of what the forward keeps.</summary>
    public long TapeByteLength => _tape.ByteLength;

    /// <summary>Bytes of logits.</summary>
    public long LogitByteLength => _logits.ByteLength + _capped.ByteLength;

    /// <summary>Bytes of everything else.</summary>
    public long BufferByteLength =>
        _dOutput.ByteLength + _dResidual.ByteLength + _linears.ByteLength + _layers.ByteLength + _embedding.ByteLength;

    /// <summary>Losses of the asked-for rows, without gradients.</summary>
    /// <param name="batch">The segments, with the rows that predict trained tokens.</param>
    /// <param name="targets">The token that each of these rows predicts.</param>
    /// <param name="losses">[targets], in natural units.</param>
    public void Losses(Batch batch, ReadOnlySpan<int> targets, Span<float> losses)
    {
        _gradients.Refresh();
        _decoder.Forward(batch);
        RunHead(batch, targets, losses, 0, []);
    }

    /// <summary>Losses of the asked-for rows; the gradients of their sum times a scale are added.</summary>
    /// <param name="batch">The segments; each sequence begins in it.</param>
    /// <param name="targets">The token that each asked-for row predicts.</param>
    /// <param name="scale">1 / trained tokens of the whole step.</param>
    /// <param name="losses">[targets], in natural units.</param>
    public void LossesAndGradients(Batch batch, ReadOnlySpan<int> targets, float scale, Span<float> losses)
    {
        _gradients.Refresh();
        _decoder.Forward(batch, _tape);
        Span<float> dOutput = _dOutput.Take(targets.Length * _decoder.Config.HiddenSize);
        dOutput.Clear();
        RunHead(batch, targets, losses, scale, dOutput);
        if (_lowestLayer == _decoder.Layers.Count)
        {
            return;
        }

        Span<float> dx = BackwardNorm(batch, dOutput);
        for (int layer = _decoder.Layers.Count - 1; layer >= Math.Max(0, _lowestLayer); layer--)
        {
            LayerTape tape = _decoder.Recall(batch, _tape, layer);
            bool onlyOutputs = batch.SkipsRows && layer == _decoder.Layers.Count - 1;
            _layers.Run(_decoder.Layers[layer], batch, tape, layer == _lowestLayer, onlyOutputs, dx);
        }

        if (_gradients.HasEmbedding)
        {
            _embedding.Run(batch, dx);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _tape.Dispose();
        _linears.Dispose();
        _layers.Dispose();
        _embedding.Dispose();
        _logits.Dispose();
        _capped.Dispose();
        _dOutput.Dispose();
        _dResidual.Dispose();
    }

    // -1 is the embedding.
    private static int LowestLayer(Decoder decoder, GradientSet gradients)
    {
        if (gradients.HasEmbedding)
        {
            return -1;
        }

        for (int layer = 0; layer < decoder.Layers.Count; layer++)
        {
            if (LayerBackward.IsTrained(decoder.Layers[layer], gradients))
            {
                return layer;
            }
        }

        return decoder.Layers.Count;
    }

    private void RunHead(Batch batch, ReadOnlySpan<int> targets, Span<float> losses, float scale, Span<float> dOutput)
    {
        int vocabulary = _decoder.Config.VocabularySize;
        int hidden = _decoder.Config.HiddenSize;
        for (int first = 0; first < targets.Length; first += RowTile)
        {
            int count = Math.Min(RowTile, targets.Length - first);
            ReadOnlySpan<int> tile = targets.Slice(first, count);
            Span<float> logits = _logits.Take(count * vocabulary);
            _decoder.Logits(batch, first, count, logits);
            CrossEntropy.Forward(_decoder.Workspace.Pool, logits, tile, losses.Slice(first, count));
            if (!dOutput.IsEmpty)
            {
                BackwardLoss(logits, tile, scale);
                ReadOnlySpan<float> input = _decoder.OutputInput(batch).Slice(first * hidden, count * hidden);
                Span<float> dInput = dOutput.Slice(first * hidden, count * hidden);
                _linears.Run(_decoder.Head, batch.OutputRuns(first, count), input, logits, dInput);
            }
        }
    }

    // Logits become the gradients of what the head multiplied; capped ones need themselves for it.
    private void BackwardLoss(Span<float> logits, ReadOnlySpan<int> targets, float scale)
    {
        float cap = _decoder.Config.Head.SoftCap;
        if (cap > 0)
        {
            _capped.Keep(logits);
        }

        CrossEntropy.BackwardInPlace(_decoder.Workspace.Pool, logits, targets, scale);
        if (cap > 0)
        {
            SoftCap.BackwardInPlace(_decoder.Workspace.Pool, cap, _capped.Held(logits.Length), logits);
        }
    }

    // The norm before the output head sees only the asked-for rows; the others' gradient is zero. They lie side by side
    // where the last layer left out the others.
    private Span<float> BackwardNorm(Batch batch, ReadOnlySpan<float> dOutput)
    {
        int hidden = _decoder.Config.HiddenSize;
        int rowCount = batch.Tokens.Length;
        ReadOnlySpan<int> rows = batch.OutputRowNumbers;
        Span<float> dx = _dResidual.TakeZeros(rowCount * hidden);
        Span<float> final = _tape.Final.Held((batch.SkipsRows ? rows.Length : rowCount) * hidden);
        if (!batch.SkipsRows)
        {
            RowSelection.Gather(final, rows, hidden, final);
            final = final[..dOutput.Length];
        }

        Span<float> dFinal = dx[..dOutput.Length];
        NormBackward.Run(_decoder.Workspace.Pool, _gradients, _decoder.OutputNorm, final, dOutput, dFinal);
        if (!batch.SkipsRows)
        {
            RowSelection.Spread(dx, rows, hidden);
        }

        return dx;
    }
}
