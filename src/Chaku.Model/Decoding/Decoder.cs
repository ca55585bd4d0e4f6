using Chaku.Kernels.Cache;
using Chaku.Kernels.Memory;
using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;
using Chaku.Model.Cache;

namespace Chaku.Model.Decoding;

/// <summary>
/// The one decoder: prefill, decode, mixed batches, scoring and the training forward are its one path. Bits depend on
/// weights, adapter, cache type, tokens and positions, and on nothing else. One caller at a time.
/// </summary>
internal sealed class Decoder : IDisposable
{
    private readonly DecoderWeights _weights;
    private readonly DecoderLayer[] _layers;
    private readonly Rotation? _rotation;
    private readonly Norm? _embeddingNorm;
    private readonly LinearList _linears = new();

    /// <summary>A decoder over weights that stay where they are.</summary>
    /// <param name="config">The computation.</param>
    /// <param name="weights">The weights.</param>
    /// <param name="pool">Threads.</param>
    /// <param name="kvFormat">The cache's type.</param>
    public Decoder(DecoderConfig config, DecoderWeights weights, ComputePool pool, KvFormat kvFormat)
    {
        Config = config;
        _weights = weights;
        Workspace = new Workspace(pool);
        CacheLayout = new KvLayout(
            config.LayerCount, config.Attention.KvHeadCount, config.Attention.HeadSize, kvFormat);
        _rotation = config.Position is RotaryConfig rotary ? new Rotation(rotary, Workspace) : null;
        _layers = new DecoderLayer[config.LayerCount];
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            _layers[layer] = new DecoderLayer(
                config, CacheLayout, layer, weights.Layers[layer], _rotation, _linears);
        }

        Head = _linears.Add(weights.Output);
        OutputNorm = new Norm(config.Norm, weights.OutputNorm);
        _embeddingNorm = weights.EmbeddingNorm is { } norm ? new Norm(config.Norm, norm) : null;
    }

    /// <summary>The computation.</summary>
    public DecoderConfig Config { get; }

    /// <summary>How pages of the cache are divided.</summary>
    public KvLayout CacheLayout { get; }

    /// <summary>Threads and buffers.</summary>
    public Workspace Workspace { get; }

    /// <summary>Activations stay float32 for quantised weights too; slow, and not what is served.</summary>
    public bool IsExact { get; set; }

    /// <summary>The weights.</summary>
    public DecoderWeights Weights => _weights;

    /// <summary>The layers.</summary>
    public IReadOnlyList<DecoderLayer> Layers => _layers;

    /// <summary>Every linear layer, the output head last.</summary>
    public IReadOnlyList<Linear> Linears => _linears;

    /// <summary>[vocabulary, hidden].</summary>
    public Linear Head { get; }

    /// <summary>The norm behind the embedding; null without.</summary>
    public Norm? EmbeddingNorm => _embeddingNorm;

    /// <summary>The norm before the output head.</summary>
    public Norm OutputNorm { get; }

    /// <summary>A cache for this decoder.</summary>
    /// <param name="positionCapacity">Positions of all sequences together, each rounded up to whole pages.</param>
    /// <param name="sequenceCapacity">Sequences at a time.</param>
    /// <param name="sharesPrefixes">Whether sequences share what they begin with.</param>
    public KvCache CreateCache(long positionCapacity, int sequenceCapacity = 1, bool sharesPrefixes = true) =>
        new(CacheLayout, (positionCapacity / KvLayout.PageLength) + sequenceCapacity, sharesPrefixes);

    /// <summary>
    /// Runs a batch through the layers, writes its keys and values into the cache, and norms the rows that were asked
    /// for, for <see cref="Logits"/>.
    /// </summary>
    /// <param name="batch">The segments.</param>
    /// <param name="tape">Keeps what the backward needs; null when serving.</param>
    /// <exception cref="ArgumentOutOfRangeException">A token is not in the vocabulary.</exception>
    public void Forward(Batch batch, ActivationTape? tape = null)
    {
        Span<float> x = Workspace.Residual.Take(batch.Tokens.Length * Config.HiddenSize);
        Embed(batch.Tokens, batch.Positions, x);
        _embeddingNorm?.Forward(Workspace.Pool, x, x);
        _rotation?.Prepare(batch.Positions);
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            tape?.InputOf(layer)?.Keep(x);
            bool onlyOutputs = batch.SkipsRows && layer == _layers.Length - 1;
            _layers[layer].Forward(Workspace, batch, IsExact, tape?.For(layer), onlyOutputs, x);
        }

        if (batch.SkipsRows)
        {
            x = x[..(batch.OutputRowNumbers.Length * Config.HiddenSize)];
        }

        tape?.Final.Keep(x);
        NormOutputRows(batch, x);
        batch.Commit();
    }

    /// <summary>
    /// What a layer's backward needs: kept by the last forward, or computed again with the same bits.
    /// </summary>
    /// <param name="batch">The last batch.</param>
    /// <param name="tape">As in its forward.</param>
    /// <param name="layer">The layer; not below the tape's lowest.</param>
    /// <returns>Valid until the next layer is computed again.</returns>
    public LayerTape Recall(Batch batch, ActivationTape tape, int layer)
    {
        if (tape.InputOf(layer) is not { } input)
        {
            return tape.For(layer)!;
        }

        Span<float> x = Workspace.Residual.Take(batch.Tokens.Length * Config.HiddenSize);
        input.Held(x.Length).CopyTo(x);
        _layers[layer].ForwardAgain(Workspace, batch, IsExact, tape.Shared, x);
        return tape.Shared;
    }

    /// <summary>Logits of rows that the last batch asked for.</summary>
    /// <param name="batch">The last batch.</param>
    /// <param name="first">The first of them, counted in asked-for rows.</param>
    /// <param name="count">How many.</param>
    /// <param name="logits">[count, vocabulary], overwritten.</param>
    public void Logits(Batch batch, int first, int count, Span<float> logits) => LogitsOf(
        batch, first, OutputInput(batch).Slice(first * Config.HiddenSize, count * Config.HiddenSize), logits);

    /// <summary>Logits of rows that a batch asked for, which may no longer be the last.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="first">The first of them, counted in asked-for rows.</param>
    /// <param name="rows">[count, hidden]: what <see cref="OutputInput"/> gave for them.</param>
    /// <param name="logits">[count, vocabulary], overwritten.</param>
    public void LogitsOf(Batch batch, int first, ReadOnlySpan<float> rows, Span<float> logits)
    {
        LinearInput input = new(Workspace, rows, IsExact);
        Head.Forward(ref input, batch.OutputRuns(first, rows.Length / Config.HiddenSize), logits);
        if (Config.Head.SoftCap > 0)
        {
            SoftCap.Forward(Workspace.Pool, Config.Head.SoftCap, logits);
        }
    }

    /// <summary>[asked-for rows, hidden]: what the output head multiplies.</summary>
    public ReadOnlySpan<float> OutputInput(Batch batch) =>
        Workspace.Output.Held(batch.OutputRowNumbers.Length * Config.HiddenSize);

    /// <inheritdoc/>
    public void Dispose() => Workspace.Dispose();

    /// <summary>The embeddings of tokens and positions, before the norm behind them.</summary>
    /// <param name="tokens">[T].</param>
    /// <param name="positions">[T].</param>
    /// <param name="x">[T, hidden], overwritten.</param>
    /// <exception cref="ArgumentOutOfRangeException">A token is not in the vocabulary.</exception>
    public void Embed(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Span<float> x)
    {
        WeightMatrix embedding = _weights.TokenEmbedding.Weight;
        Span<float> learned = Workspace.Normed.Take(Config.HiddenSize);
        for (int row = 0; row < tokens.Length; row++)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(
                (uint)tokens[row], (uint)Config.VocabularySize, nameof(tokens));
            Span<float> target = x.Slice(row * Config.HiddenSize, Config.HiddenSize);
            embedding.Dequantise(tokens[row], 0, target);
            if (_weights.PositionEmbedding is { } position)
            {
                position.Dequantise(positions[row], 0, learned);
                VectorMath.Add(learned, target);
            }
        }

        if (Config.Embedding.Scale != 1)
        {
            VectorMath.Scale(Config.Embedding.Scale, x);
        }
    }

    private void NormOutputRows(Batch batch, ReadOnlySpan<float> x)
    {
        ReadOnlySpan<int> rows = batch.OutputRowNumbers;
        Span<float> output = Workspace.Output.Take(rows.Length * Config.HiddenSize);
        if (batch.SkipsRows)
        {
            x.CopyTo(output);
        }
        else
        {
            RowSelection.Gather(x, rows, Config.HiddenSize, output);
        }

        OutputNorm.Forward(Workspace.Pool, output, output);
    }
}
