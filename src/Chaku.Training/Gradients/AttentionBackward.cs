using Chaku.Kernels.Ops;
using Chaku.Model.Decoding;

namespace Chaku.Training.Gradients;

/// <summary>The backward of <see cref="AttentionBlock"/>.</summary>
internal sealed class AttentionBackward(Decoder decoder, GradientSet gradients, LinearBackward linears) : IDisposable
{
    private readonly GrowingBuffer _dAttended = new();
    private readonly GrowingBuffer _dQuery = new();
    private readonly GrowingBuffer _dKey = new();
    private readonly GrowingBuffer _dValue = new();
    private readonly GrowingBuffer _dHeads = new();

    /// <summary>Adds to the gradient of the block's input.</summary>
    /// <param name="block">The block.</param>
    /// <param name="batch">As in the forward.</param>
    /// <param name="tape">What the forward kept.</param>
    /// <param name="normed">[T, hidden], the forward's input.</param>
    /// <param name="dOutput">[T, hidden].</param>
    /// <param name="dNormed">[T, hidden], added to; empty where nothing below needs it.</param>
    public void Run(
        AttentionBlock block,
        Batch batch,
        LayerTape tape,
        ReadOnlySpan<float> normed,
        ReadOnlySpan<float> dOutput,
        Span<float> dNormed)
    {
        AttentionConfig attention = decoder.Config.Attention;
        int rowCount = batch.Tokens.Length;
        ReadOnlySpan<float> attended = tape.Attended.Held(rowCount * attention.QueryWidth);
        Span<float> dAttended = _dAttended.TakeZeros(attended.Length);
        linears.Run(block.Output, batch.Runs, attended, dOutput, dAttended);

        Span<float> dq = _dQuery.Take(attended.Length);
        Span<float> dk = _dKey.Take(rowCount * attention.KvWidth);
        Span<float> dv = _dValue.Take(dk.Length);
        SelfAttentionBackward.Run(
            decoder.Workspace.Pool,
            block.Shape,
            batch.Spans,
            tape.Query.Held(attended.Length),
            attended,
            tape.LogSumExp.Held(rowCount * attention.HeadCount),
            dAttended,
            dq,
            dk,
            dv);
        ProjectedParts dParts = new(dq, dk, dv);
        TrainedTensor? queryNorm = gradients.Of(block.QueryNorm);
        TrainedTensor? keyNorm = gradients.Of(block.KeyNorm);
        ProjectedParts dNorms = new(
            queryNorm is null ? [] : queryNorm.Gradient, keyNorm is null ? [] : keyNorm.Gradient);
        block.BackwardToProjections(decoder.Workspace, tape, _dHeads, dParts, dNorms);
        linears.Run(block.Projection, batch.Runs, normed, dParts, dNormed);
    }

    /// <summary>Bytes held.</summary>
    public long ByteLength => Buffers.Sum(buffer => buffer.ByteLength);

    private IEnumerable<GrowingBuffer> Buffers => [_dAttended, _dQuery, _dKey, _dValue, _dHeads];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (GrowingBuffer buffer in Buffers)
        {
            buffer.Dispose();
        }
    }
}
