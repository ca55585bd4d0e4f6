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
    private readonly GrowingBuffer _selected = new();
    private readonly GrowingBuffer _dSelected = new();

    /// <summary>Adds to the gradient of the block's input.</summary>
    /// <param name="block">The block.</param>
    /// <param name="batch">As in the forward.</param>
    /// <param name="tape">What the forward kept.</param>
    /// <param name="normed">[T, hidden], the forward's input.</param>
    /// <param name="onlyOutputs">As in the forward.</param>
    /// <param name="dOutput">[T or asked-for rows, hidden].</param>
    /// <param name="dNormed">[T, hidden], added to; empty where nothing below needs it.</param>
    public void Run(
        AttentionBlock block,
        Batch batch,
        LayerTape tape,
        ReadOnlySpan<float> normed,
        bool onlyOutputs,
        ReadOnlySpan<float> dOutput,
        Span<float> dNormed)
    {
        AttentionConfig attention = decoder.Config.Attention;
        int rowCount = batch.Tokens.Length;
        ReadOnlySpan<float> attended = tape.Attended.Held(rowCount * attention.QueryWidth);
        Span<float> dAttended = _dAttended.TakeZeros(attended.Length);
        if (onlyOutputs)
        {
            ReadOnlySpan<int> rows = batch.OutputRowNumbers;
            Span<float> selected = _selected.Take(rows.Length * attention.QueryWidth);
            RowSelection.Gather(attended, rows, attention.QueryWidth, selected);
            ReadOnlySpan<AdapterRun> runs = batch.OutputRuns(0, rows.Length);
            linears.Run(block.Output, runs, selected, dOutput, dAttended[..selected.Length]);
            RowSelection.Spread(dAttended, rows, attention.QueryWidth);
        }
        else
        {
            linears.Run(block.Output, batch.Runs, attended, dOutput, dAttended);
        }

        Span<float> dq = _dQuery.Take(attended.Length);
        Span<float> dk = _dKey.Take(rowCount * attention.KvWidth);
        Span<float> dv = _dValue.Take(dk.Length);
        SelfAttentionBackward.Run(
            decoder.Workspace.Pool,
            block.Shape,
            batch.Spans,
            onlyOutputs ? batch.OutputSpans() : batch.Spans,
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
        if (onlyOutputs && !block.Projection.IsFused)
        {
            BackwardOutputs(block, batch, normed, dParts, dNormed);
        }
        else
        {
            linears.Run(block.Projection, batch.Runs, normed, dParts, dNormed);
        }
    }

    /// <summary>Bytes held.</summary>
    public long ByteLength => Buffers.Sum(buffer => buffer.ByteLength);

    private IEnumerable<GrowingBuffer> Buffers =>
        [_dAttended, _dQuery, _dKey, _dValue, _dHeads, _selected, _dSelected];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (GrowingBuffer buffer in Buffers)
        {
            buffer.Dispose();
        }
    }

    // Keys and values have gradients in every row, queries in those that were asked for.
    private void BackwardOutputs(
        AttentionBlock block, Batch batch, ReadOnlySpan<float> normed, ProjectedParts dParts, Span<float> dNormed)
    {
        linears.Run(block.Projection.Linears[1], batch.Runs, normed, dParts[1], dNormed);
        linears.Run(block.Projection.Linears[2], batch.Runs, normed, dParts[2], dNormed);
        Linear query = block.Projection.Linears[0];
        ReadOnlySpan<int> rows = batch.OutputRowNumbers;
        Span<float> selected = _selected.Take(rows.Length * query.InputSize);
        RowSelection.Gather(normed, rows, query.InputSize, selected);
        Span<float> dQuery = dParts[0][..(rows.Length * query.OutputSize)];
        RowSelection.Gather(dParts[0], rows, query.OutputSize, dQuery);
        Span<float> dSelected = dNormed.IsEmpty ? [] : _dSelected.TakeZeros(selected.Length);
        linears.Run(query, batch.OutputRuns(0, rows.Length), selected, dQuery, dSelected);
        if (!dNormed.IsEmpty)
        {
            RowSelection.AddScattered(dSelected, rows, query.InputSize, dNormed);
        }
    }
}
