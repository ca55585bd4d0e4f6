using Chaku.Kernels.Ops;
using Chaku.Model.Decoding;

namespace Chaku.Training.Gradients;

/// <summary>
/// The backward of the embedding: a row of the gradient for each token and position, added in their order.
/// </summary>
internal sealed class EmbeddingBackward(Decoder decoder, GradientSet gradients) : IDisposable
{
    private readonly GrowingBuffer _embedded = new();
    private readonly GrowingBuffer _dEmbedded = new();

    /// <summary>The gradients of embeddings, and of the norm behind them, grow.</summary>
    /// <param name="batch">As in the forward.</param>
    /// <param name="dx">[T, hidden], the gradient of the first layer's input; overwritten.</param>
    public void Run(Batch batch, Span<float> dx)
    {
        if (decoder.EmbeddingNorm is { } norm)
        {
            Span<float> embedded = _embedded.Take(dx.Length);
            decoder.Embed(batch.Tokens, batch.Positions, embedded);
            Span<float> dEmbedded = _dEmbedded.TakeZeros(dx.Length);
            NormBackward.Run(decoder.Workspace.Pool, gradients, norm, embedded, dx, dEmbedded);
            dx = dEmbedded;
        }

        if (decoder.Config.Embedding.Scale != 1)
        {
            VectorMath.Scale(decoder.Config.Embedding.Scale, dx);
        }

        Scatter(gradients.Of(decoder.Weights.TokenEmbedding.Weight), batch.Tokens, dx);
        if (decoder.Weights.PositionEmbedding is { } position)
        {
            Scatter(gradients.Of(position), batch.Positions, dx);
        }
    }

    /// <summary>Bytes held.</summary>
    public long ByteLength => Buffers.Sum(buffer => buffer.ByteLength);

    private IEnumerable<GrowingBuffer> Buffers => [_embedded, _dEmbedded];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (GrowingBuffer buffer in Buffers)
        {
            buffer.Dispose();
        }
    }

    private void Scatter(TrainedTensor? table, ReadOnlySpan<int> rows, ReadOnlySpan<float> dx)
    {
        if (table is null)
        {
            return;
        }

        int hidden = decoder.Config.HiddenSize;
        Span<float> gradient = table.Gradient;
        for (int i = 0; i < rows.Length; i++)
        {
            VectorMath.Add(dx.Slice(i * hidden, hidden), gradient.Slice(rows[i] * hidden, hidden));
        }
    }
}
