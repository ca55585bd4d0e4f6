using Chaku.Kernels.Cache;
using Chaku.Kernels.Formats;
using Chaku.Kernels.Ops;

namespace Chaku.Model.Decoding;

/// <summary>Attention of one layer: projections, norms on heads, rotation, the cache, the output.</summary>
internal sealed class AttentionBlock
{
    private readonly DecoderConfig _config;
    private readonly Rotation? _rotation;
    private readonly AttentionWeights _weights;

    /// <summary>The attention of layer <paramref name="number"/>.</summary>
    /// <param name="config">The computation.</param>
    /// <param name="cache">Where keys and values go.</param>
    /// <param name="number">The layer.</param>
    /// <param name="weights">Its weights.</param>
    /// <param name="rotation">Turns queries and keys; null where nothing is turned.</param>
    /// <param name="linears">Gets the block's linear layers.</param>
    public AttentionBlock(
        DecoderConfig config,
        KvLayout cache,
        int number,
        AttentionWeights weights,
        Rotation? rotation,
        LinearList linears)
    {
        _config = config;
        _rotation = rotation;
        _weights = weights;
        AttentionConfig attention = config.Attention;
        Shape = new AttentionShape(attention.HeadCount, cache, number, attention.Scale)
        {
            SoftCap = attention.SoftCap,
            Window = attention.Window(number),
            Slopes = Slopes(config),
            RoundedBiasFactor = (config.Position as AlibiConfig)?.RoundedFactor ?? 0,
        };
        Linear[] projections = [.. weights.Projections.Select(linears.Add)];
        Projection = attention.Projection == ProjectionLayout.Separate
            ? new Projection(projections)
            : new Projection(projections[0], Projection.Slices(attention));
        Output = linears.Add(weights.Output);
    }

    /// <summary>Heads, cache, scale, window and biases of the scores.</summary>
    public AttentionShape Shape { get; }

    /// <summary>Queries, keys and values.</summary>
    public Projection Projection { get; }

    /// <summary>[hidden, query width].</summary>
    public Linear Output { get; }

    /// <summary>Every linear layer of the block.</summary>
    public IEnumerable<Linear> Linears => Projection.Linears.Append(Output);

    /// <summary>[head size]: the norm on each head of queries; null without.</summary>
    public float[]? QueryNorm => _weights.QueryNorm;

    /// <summary>[head size]: the norm on each head of keys; null without.</summary>
    public float[]? KeyNorm => _weights.KeyNorm;

    /// <summary>Whether the backward needs queries, keys and values as they were before norms and rotation.</summary>
    public bool KeepsProjected => _config.Attention.HasHeadNorm || _config.Attention.Clip > 0;

    /// <summary>output = attention(input); keys and values go into the cache.</summary>
    /// <param name="input">[T, hidden], normed.</param>
    /// <param name="batch">The segments.</param>
    /// <param name="tape">Keeps what the backward needs; null when serving.</param>
    /// <param name="onlyOutputs">
    /// Rows that the batch does not ask for have keys and values alone, and no output; queries and what attention gives
    /// lie in their rows, and the others' are zero or anything.
    /// </param>
    /// <param name="output">[T or asked-for rows, hidden], overwritten.</param>
    public void Forward(
        ref LinearInput input, Batch batch, LayerTape? tape, bool onlyOutputs, Span<float> output)
    {
        Workspace workspace = input.Workspace;
        AttentionConfig attention = _config.Attention;
        int rowCount = batch.Tokens.Length;
        Span<float> q = (tape?.Query ?? workspace.Query).Take(rowCount * attention.QueryWidth);
        Span<float> k = workspace.Key.Take(rowCount * attention.KvWidth);
        Span<float> v = workspace.Value.Take(rowCount * attention.KvWidth);
        ProjectedParts parts = new(q, k, v);
        if (onlyOutputs && !Projection.IsFused)
        {
            ProjectOutputs(ref input, batch, parts);
        }
        else
        {
            Projection.Forward(ref input, batch.Runs, parts);
        }

        Clip(workspace, q, k, v);
        if (KeepsProjected && tape is not null)
        {
            tape.ProjectedQuery.Keep(q);
            tape.ProjectedKey.Keep(k);
            tape.ProjectedValue.Keep(v);
        }

        NormHeads(workspace, q, QueryNorm);
        NormHeads(workspace, k, KeyNorm);
        _rotation?.Forward(q, attention.HeadSize, rowCount);
        _rotation?.Forward(k, attention.HeadSize, rowCount);
        foreach (KvSpan span in batch.Spans)
        {
            span.Write(workspace.Pool, Shape.Layout, Shape.Layer, k, v);
        }

        Span<float> attended = (tape?.Attended ?? workspace.Attended).Take(q.Length);
        Span<float> logSumExp = tape is null ? [] : tape.LogSumExp.Take(rowCount * attention.HeadCount);
        ReadOnlySpan<KvSpan> queries = onlyOutputs ? batch.OutputSpans() : batch.Spans;
        SelfAttention.Forward(workspace.Pool, Shape, queries, q, attended, logSumExp);
        ReadOnlySpan<AdapterRun> runs = batch.Runs;
        if (onlyOutputs)
        {
            ReadOnlySpan<int> rows = batch.OutputRowNumbers;
            Span<float> selected = workspace.Selected.Take(rows.Length * attention.QueryWidth);
            RowSelection.Gather(attended, rows, attention.QueryWidth, selected);
            attended = selected;
            runs = batch.OutputRuns(0, rows.Length);
        }

        LinearInput attendedInput = new(workspace, attended, input.IsExact);
        Output.Forward(ref attendedInput, runs, output);
    }

    // Keys and values of every row, queries of those that are asked for; the others' are zero.
    private void ProjectOutputs(ref LinearInput input, Batch batch, ProjectedParts parts)
    {
        Projection.Linears[1].Forward(ref input, batch.Runs, parts[1]);
        Projection.Linears[2].Forward(ref input, batch.Runs, parts[2]);
        Linear query = Projection.Linears[0];
        ReadOnlySpan<int> rows = batch.OutputRowNumbers;
        Span<float> selected = input.Workspace.Selected.Take(rows.Length * query.InputSize);
        RowSelection.Gather(input.Values, rows, query.InputSize, selected);
        LinearInput selectedInput = new(input.Workspace, selected, input.IsExact);
        Span<float> queries = input.Workspace.SelectedQuery.Take(rows.Length * query.OutputSize);
        query.Forward(ref selectedInput, batch.OutputRuns(0, rows.Length), queries);
        RowSelection.Scatter(queries, rows, query.OutputSize, parts[0]);
    }

    /// <summary>
    /// The gradients of queries, keys and values as the projections gave them, in place of those behind norms and
    /// rotation.
    /// </summary>
    /// <param name="workspace">Threads and buffers.</param>
    /// <param name="tape">What the forward kept.</param>
    /// <param name="scratch">A buffer for the gradient before a norm.</param>
    /// <param name="gradients">[T, width] each.</param>
    /// <param name="dNorms">
    /// The gradients of both head norms' weights, added to; empty where they are not trained.
    /// </param>
    public void BackwardToProjections(
        Workspace workspace,
        LayerTape tape,
        GrowingBuffer scratch,
        ProjectedParts gradients,
        ProjectedParts dNorms)
    {
        AttentionConfig attention = _config.Attention;
        int rowCount = gradients[0].Length / attention.QueryWidth;
        _rotation?.Backward(gradients[0], attention.HeadSize, rowCount);
        _rotation?.Backward(gradients[1], attention.HeadSize, rowCount);
        if (!KeepsProjected)
        {
            return;
        }

        Span<float> q = tape.ProjectedQuery.Held(gradients[0].Length);
        Span<float> k = tape.ProjectedKey.Held(gradients[1].Length);
        Span<float> v = tape.ProjectedValue.Held(gradients[2].Length);
        BackwardHeadNorm(workspace, q, QueryNorm, scratch, gradients[0], dNorms[0]);
        BackwardHeadNorm(workspace, k, KeyNorm, scratch, gradients[1], dNorms[1]);
        if (attention.Clip > 0)
        {
            Clamp.BackwardInPlace(workspace.Pool, attention.Clip, q, gradients[0]);
            Clamp.BackwardInPlace(workspace.Pool, attention.Clip, k, gradients[1]);
            Clamp.BackwardInPlace(workspace.Pool, attention.Clip, v, gradients[2]);
        }
    }

    private static float[] Slopes(DecoderConfig config)
    {
        if (config.Position is not AlibiConfig alibi)
        {
            return [];
        }

        float[] slopes = AlibiSlopes.For(config.Attention.HeadCount, alibi.MaxBias);
        return alibi.RoundedFactor == 0
            ? slopes
            : Array.ConvertAll(slopes, slope => Bf16.ToSingle(Bf16.FromSingle(slope)));
    }

    private void Clip(Workspace workspace, Span<float> q, Span<float> k, Span<float> v)
    {
        if (_config.Attention.Clip is > 0 and var limit)
        {
            Clamp.Forward(workspace.Pool, limit, q);
            Clamp.Forward(workspace.Pool, limit, k);
            Clamp.Forward(workspace.Pool, limit, v);
        }
    }

    private void NormHeads(Workspace workspace, Span<float> heads, float[]? weight)
    {
        if (weight is not null)
        {
            RmsNorm.Forward(workspace.Pool, heads, weight, _config.Norm.Epsilon, heads);
        }
    }

    private void BackwardHeadNorm(
        Workspace workspace,
        ReadOnlySpan<float> heads,
        float[]? weight,
        GrowingBuffer scratch,
        Span<float> gradient,
        Span<float> dWeight)
    {
        if (weight is null)
        {
            return;
        }

        if (!dWeight.IsEmpty)
        {
            RmsNorm.BackwardWeight(heads, _config.Norm.Epsilon, gradient, dWeight);
        }

        Span<float> dHeads = scratch.Take(gradient.Length);
        dHeads.Clear();
        RmsNorm.Backward(workspace.Pool, heads, weight, _config.Norm.Epsilon, gradient, dHeads);
        dHeads.CopyTo(gradient);
    }
}
