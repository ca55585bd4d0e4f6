using Chaku.Kernels.Cache;
using Chaku.Kernels.Ops;

namespace Chaku.Model.Decoding;

/// <summary>One layer: x += attention(norm(x)), then x += feed forward(norm(x)).</summary>
internal sealed class DecoderLayer
{
    private readonly DecoderConfig _config;
    private readonly AttentionShape _shape;

    /// <summary>
    /// Layer <paramref name="number"/>, with its linear layers entered into <paramref name="linears"/>.
    /// </summary>
    public DecoderLayer(DecoderConfig config, KvLayout cache, int number, LayerWeights weights, List<Linear> linears)
    {
        _config = config;
        Weights = weights;
        float scale = 1 / MathF.Sqrt(config.Attention.HeadSize);
        _shape = new AttentionShape(config.Attention.HeadCount, cache, number, scale);
        Query = Add(weights.Query);
        Key = Add(weights.Key);
        Value = Add(weights.Value);
        AttentionOutput = Add(weights.AttentionOutput);
        Gate = Add(weights.Gate);
        Up = Add(weights.Up);
        Down = Add(weights.Down);

        Linear Add(NamedMatrix matrix)
        {
            Linear linear = new(linears.Count, matrix);
            linears.Add(linear);
            return linear;
        }
    }

    /// <summary>The layer's weights.</summary>
    public LayerWeights Weights { get; }

    /// <summary>Heads, cache and scale.</summary>
    public AttentionShape Shape => _shape;

    /// <summary>[query width, hidden].</summary>
    public Linear Query { get; }

    /// <summary>[KV width, hidden].</summary>
    public Linear Key { get; }

    /// <summary>[KV width, hidden].</summary>
    public Linear Value { get; }

    /// <summary>[hidden, query width].</summary>
    public Linear AttentionOutput { get; }

    /// <summary>[inner, hidden].</summary>
    public Linear Gate { get; }

    /// <summary>[inner, hidden].</summary>
    public Linear Up { get; }

    /// <summary>[hidden, inner].</summary>
    public Linear Down { get; }

    /// <summary>x becomes the layer's output, in place.</summary>
    /// <param name="workspace">Threads and buffers.</param>
    /// <param name="batch">The segments.</param>
    /// <param name="isExact">Activations stay float32 for quantised weights too.</param>
    /// <param name="tape">Keeps what the backward needs; null when serving.</param>
    /// <param name="x">[T, hidden].</param>
    public void Forward(Workspace workspace, Batch batch, bool isExact, LayerTape? tape, Span<float> x)
    {
        tape?.Input.Keep(x);
        Attend(workspace, batch, isExact, tape, x);
        tape?.Middle.Keep(x);
        FeedForward(workspace, batch, isExact, tape, x);
    }

    private void Attend(Workspace workspace, Batch batch, bool isExact, LayerTape? tape, Span<float> x)
    {
        int rowCount = batch.Tokens.Length;
        AttentionConfig attention = _config.Attention;
        Span<float> normed = workspace.Normed.Take(x.Length);
        RmsNorm.Forward(workspace.Pool, x, Weights.AttentionNorm, _config.Norm.Epsilon, normed);

        Span<float> q = (tape?.Query ?? workspace.Query).Take(rowCount * attention.QueryWidth);
        Span<float> k = workspace.Key.Take(rowCount * attention.KvWidth);
        Span<float> v = workspace.Value.Take(rowCount * attention.KvWidth);
        LinearInput input = new(workspace, normed, isExact);
        Query.Forward(ref input, batch.Runs, q);
        Key.Forward(ref input, batch.Runs, k);
        Value.Forward(ref input, batch.Runs, v);

        int rotated = rowCount * _config.Rotary.DimensionCount;
        ReadOnlySpan<float> cosines = workspace.Cosines.Held(rotated);
        ReadOnlySpan<float> sines = workspace.Sines.Held(rotated);
        RotaryEmbedding.Forward(RotaryLayout.Pairs, q, attention.HeadSize, rowCount, cosines, sines);
        RotaryEmbedding.Forward(RotaryLayout.Pairs, k, attention.HeadSize, rowCount, cosines, sines);
        foreach (KvSpan span in batch.Spans)
        {
            span.Write(_shape.Layout, _shape.Layer, k, v);
        }

        Span<float> attended = (tape?.Attended ?? workspace.Attended).Take(q.Length);
        Span<float> logSumExp = tape is null ? [] : tape.LogSumExp.Take(rowCount * attention.HeadCount);
        SelfAttention.Forward(workspace.Pool, _shape, batch.Spans, q, attended, logSumExp);

        Span<float> output = workspace.BlockOutput.Take(x.Length);
        LinearInput attendedInput = new(workspace, attended, isExact);
        AttentionOutput.Forward(ref attendedInput, batch.Runs, output);
        VectorMath.Add(output, x);
    }

    private void FeedForward(Workspace workspace, Batch batch, bool isExact, LayerTape? tape, Span<float> x)
    {
        int width = batch.Tokens.Length * _config.FeedForward.InnerSize;
        Span<float> normed = workspace.Normed.Take(x.Length);
        RmsNorm.Forward(workspace.Pool, x, Weights.FeedForwardNorm, _config.Norm.Epsilon, normed);

        Span<float> gate = (tape?.Gate ?? workspace.Gate).Take(width);
        Span<float> up = (tape?.Up ?? workspace.Up).Take(width);
        LinearInput input = new(workspace, normed, isExact);
        Gate.Forward(ref input, batch.Runs, gate);
        Up.Forward(ref input, batch.Runs, up);

        Span<float> product = tape is null ? gate : workspace.Gate.Take(width);
        ActivationFunctions.Silu.ForwardGated(workspace.Pool, gate, up, product);
        Span<float> output = workspace.BlockOutput.Take(x.Length);
        LinearInput productInput = new(workspace, product, isExact);
        Down.Forward(ref productInput, batch.Runs, output);
        VectorMath.Add(output, x);
    }
}
