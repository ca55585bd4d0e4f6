using Chaku.Kernels.Cache;
using Chaku.Kernels.Ops;

namespace Chaku.Model.Decoding;

/// <summary>One layer: attention and feed forward, one after the other or side by side.</summary>
internal sealed class DecoderLayer
{
    private readonly DecoderConfig _config;

    /// <summary>A layer.</summary>
    /// <param name="config">The computation.</param>
    /// <param name="cache">Where keys and values go.</param>
    /// <param name="number">The layer's number.</param>
    /// <param name="weights">Its weights.</param>
    /// <param name="rotation">Turns queries and keys; null where nothing is turned.</param>
    /// <param name="linears">Gets its linear layers.</param>
    public DecoderLayer(
        DecoderConfig config, KvLayout cache, int number, LayerWeights weights, Rotation? rotation, LinearList linears)
    {
        _config = config;
        AttentionNorm = new Norm(config.Norm, weights.AttentionNorm);
        Attention = new AttentionBlock(config, cache, number, weights.Attention, rotation, linears);
        FeedForwardNorm = Optional(weights.FeedForwardNorm);
        FeedForward = FeedForward.Create(config, weights, linears);
        PostAttentionNorm = Optional(weights.PostAttentionNorm);
        PostFeedForwardNorm = Optional(weights.PostFeedForwardNorm);

        Norm? Optional(NormWeights? norm) => norm is null ? null : new Norm(config.Norm, norm);
    }

    /// <summary>Before attention.</summary>
    public Norm AttentionNorm { get; }

    /// <summary>Attention.</summary>
    public AttentionBlock Attention { get; }

    /// <summary>Behind attention; null without.</summary>
    public Norm? PostAttentionNorm { get; }

    /// <summary>Before the feed forward; null where it reads what attention reads.</summary>
    public Norm? FeedForwardNorm { get; }

    /// <summary>The feed forward.</summary>
    public FeedForward FeedForward { get; }

    /// <summary>Behind the feed forward; null without.</summary>
    public Norm? PostFeedForwardNorm { get; }

    /// <summary>Whether attention and feed forward read the same residual stream.</summary>
    public bool IsParallel => _config.Residual.Layout != ResidualLayout.Sequential;

    /// <summary>x becomes the layer's output, in place.</summary>
    /// <param name="workspace">Threads and buffers.</param>
    /// <param name="batch">The segments.</param>
    /// <param name="isExact">Activations stay float32 for quantised weights too.</param>
    /// <param name="tape">Keeps what the backward needs; null when serving.</param>
    /// <param name="onlyOutputs">
    /// Of rows that the batch does not ask for, keys and values alone are computed; the output has the others, side by
    /// side from the beginning on.
    /// </param>
    /// <param name="x">[T, hidden].</param>
    public void Forward(
        Workspace workspace, Batch batch, bool isExact, LayerTape? tape, bool onlyOutputs, Span<float> x)
    {
        Span<float> normed = workspace.Normed.Take(x.Length);
        Span<float> attended = Attend(workspace, batch, isExact, tape, onlyOutputs, x, normed);
        if (attended.IsEmpty)
        {
            return;
        }

        x = x[..attended.Length];
        Span<float> output = workspace.FeedForwardOutput.Take(x.Length);
        LinearInput input = new(workspace, normed[..x.Length], isExact);
        ReadOnlySpan<AdapterRun> runs =
            onlyOutputs ? batch.OutputRuns(0, batch.OutputRowNumbers.Length) : batch.Runs;
        FeedForward.Forward(ref input, runs, tape, output);
        PostNorm(workspace, PostFeedForwardNorm, tape?.FeedForwardOutput, output);
        if (IsParallel)
        {
            ElementWise.Add(workspace.Pool, attended, x);
        }

        ElementWise.Add(workspace.Pool, output, x);
    }

    /// <summary>
    /// Fills a tape as <see cref="Forward"/> does, and leaves out what only the layer's output needs.
    /// </summary>
    /// <param name="workspace">Threads and buffers.</param>
    /// <param name="batch">The segments, as they were.</param>
    /// <param name="isExact">As it was.</param>
    /// <param name="tape">Keeps what the backward needs.</param>
    /// <param name="x">[T, hidden], the layer's input; overwritten.</param>
    public void ForwardAgain(Workspace workspace, Batch batch, bool isExact, LayerTape tape, Span<float> x)
    {
        if (PostFeedForwardNorm is not null)
        {
            Forward(workspace, batch, isExact, tape, onlyOutputs: false, x);
            return;
        }

        Span<float> normed = workspace.Normed.Take(x.Length);
        Attend(workspace, batch, isExact, tape, onlyOutputs: false, x, normed);
        LinearInput input = new(workspace, normed, isExact);
        FeedForward.ForwardAgain(ref input, batch.Runs, tape);
    }

    // Attention's output, which a sequential layer has added to x; normed becomes the feed forward's input.
    private Span<float> Attend(
        Workspace workspace,
        Batch batch,
        bool isExact,
        LayerTape? tape,
        bool onlyOutputs,
        Span<float> x,
        Span<float> normed)
    {
        tape?.Input.Keep(x);
        AttentionNorm.Forward(workspace.Pool, x, normed);
        ReadOnlySpan<int> rows = batch.OutputRowNumbers;
        int length = onlyOutputs ? rows.Length * _config.HiddenSize : x.Length;
        Span<float> attended = workspace.AttentionOutput.Take(length);
        LinearInput input = new(workspace, normed, isExact);
        Attention.Forward(ref input, batch, tape, onlyOutputs, attended);
        if (onlyOutputs)
        {
            RowSelection.Gather(x, rows, _config.HiddenSize, x);
            RowSelection.Gather(normed, rows, _config.HiddenSize, normed);
            x = x[..length];
            normed = normed[..length];
        }

        PostNorm(workspace, PostAttentionNorm, tape?.AttentionOutput, attended);
        if (!IsParallel)
        {
            ElementWise.Add(workspace.Pool, attended, x);
            tape?.Middle.Keep(x);
        }

        FeedForwardNorm?.Forward(workspace.Pool, x, normed);
        return attended;
    }

    private static void PostNorm(Workspace workspace, Norm? norm, GrowingBuffer? kept, Span<float> output)
    {
        if (norm is not null)
        {
            kept?.Keep(output);
            norm.Forward(workspace.Pool, output, output);
        }
    }
}
