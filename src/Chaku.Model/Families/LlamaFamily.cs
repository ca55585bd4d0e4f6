using Chaku.Model.Decoding;
using Chaku.Model.Files;

namespace Chaku.Model.Families;

/// <summary>Llama 1, 2 and 3, and what has their shape: Vicuna, Alpaca, Mistral, TinyLlama.</summary>
/// <remarks>Source: ggml's docs/gguf.md; the row order of queries and keys is llama.cpp's converter's.</remarks>
internal sealed class LlamaFamily : ModelFamily
{
    private const int MostLayers = 4096;
    private const int MostSize = 1 << 20;
    private const string FrequencyDivisors = "rope_freqs.weight";
    private const string Output = "output.weight";
    private const string TokenEmbedding = "token_embd.weight";

    /// <inheritdoc/>
    public override string Architecture => "llama";

    /// <inheritdoc/>
    public override IReadOnlyList<LinearNames> LinearNames { get; } =
    [
        new("blk.{0}.attn_q.weight", "model.layers.{0}.self_attn.q_proj"),
        new("blk.{0}.attn_k.weight", "model.layers.{0}.self_attn.k_proj"),
        new("blk.{0}.attn_v.weight", "model.layers.{0}.self_attn.v_proj"),
        new("blk.{0}.attn_output.weight", "model.layers.{0}.self_attn.o_proj"),
        new("blk.{0}.ffn_gate.weight", "model.layers.{0}.mlp.gate_proj"),
        new("blk.{0}.ffn_up.weight", "model.layers.{0}.mlp.up_proj"),
        new("blk.{0}.ffn_down.weight", "model.layers.{0}.mlp.down_proj"),
        new(Output, "lm_head"),
    ];

    /// <inheritdoc/>
    public override DecoderConfig ReadConfig(GgufFile file)
    {
        GgufSettings settings = new(file, Architecture, "vocab_size", "tensor_data_layout");
        GgufTensor embedding = file[TokenEmbedding];
        int headCount = settings.Count("attention.head_count", MostSize);
        int hiddenSize = settings.Count("embedding_length", MostSize);
        AttentionConfig attention = ReadAttention(settings, headCount, hiddenSize);
        DecoderConfig config = new()
        {
            VocabularySize = VocabularySize(file, embedding),
            HiddenSize = hiddenSize,
            LayerCount = settings.Count("block_count", MostLayers),
            ContextLength = settings.Count("context_length"),
            Attention = attention,
            Rotary = ReadRotary(file, settings, attention.HeadSize),
            FeedForward = new FeedForwardConfig(settings.Count("feed_forward_length", MostSize)),
            Norm = new NormConfig(settings.RequiredFloat("attention.layer_norm_rms_epsilon")),
        };
        if (settings.Find("expert_count") is { } experts && experts.AsInt64() != 0)
        {
            throw experts.Wrong("a model without experts");
        }

        if (settings.Find("attention.sliding_window") is { } window
            && window.AsInt64() is var length && length != 0 && length < config.ContextLength)
        {
            throw window.Wrong($"a sliding window no shorter than the context of {config.ContextLength}");
        }

        settings.RequireAllKnown();
        return config;
    }

    /// <inheritdoc/>
    public override DecoderWeights ReadWeights(GgufFile file, DecoderConfig config)
    {
        GgufWeights weights = new(file);
        weights.Skip(FrequencyDivisors);
        NamedMatrix embedding = weights.Matrix(TokenEmbedding, config.VocabularySize, config.HiddenSize);
        LayerWeights[] layers = new LayerWeights[config.LayerCount];
        for (int layer = 0; layer < layers.Length; layer++)
        {
            layers[layer] = ReadLayer(weights, config, $"blk.{layer}.");
        }

        DecoderWeights all = new(
            embedding,
            layers,
            weights.Vector("output_norm.weight", config.HiddenSize),
            weights.Has(Output) ? weights.Matrix(Output, config.VocabularySize, config.HiddenSize) : embedding);
        weights.RequireAllTaken();
        return all;
    }

    /// <summary>
    /// Hugging Face rotates halves of a head, (i, i + size / 2); the file has these rows next to each other, (2i, 2i +
    /// 1).
    /// </summary>
    /// <inheritdoc/>
    public override int GgufRow(DecoderConfig config, string tensor, int row)
    {
        bool isRotated = tensor.EndsWith(".attn_q.weight", StringComparison.Ordinal)
            || tensor.EndsWith(".attn_k.weight", StringComparison.Ordinal);
        if (!isRotated)
        {
            return row;
        }

        int headSize = config.Attention.HeadSize;
        int inHead = row % headSize;
        int half = headSize / 2;
        return row - inHead + (inHead % half * 2) + (inHead / half);
    }

    private static AttentionConfig ReadAttention(GgufSettings settings, int headCount, int hiddenSize)
    {
        int kvHeadCount = settings.Count("attention.head_count_kv", headCount, headCount);
        int headSize = settings.Count("attention.key_length", hiddenSize / headCount, MostSize);
        if (settings.Find("attention.value_length") is { } valueLength && valueLength.AsInt64() != headSize)
        {
            throw valueLength.Wrong($"values as long as keys, {headSize}");
        }

        if (headCount % kvHeadCount != 0 || headSize < 2 || headSize % 2 != 0)
        {
            throw settings.Find("attention.head_count")!.Wrong(
                $"heads of an even size in groups on {kvHeadCount} KV heads, for a hidden size of {hiddenSize}");
        }

        return new AttentionConfig(headCount, kvHeadCount, headSize);
    }

    private static RotaryConfig ReadRotary(GgufFile file, GgufSettings settings, int headSize)
    {
        int dimensionCount = settings.Count("rope.dimension_count", headSize, headSize);
        if (dimensionCount % 2 != 0)
        {
            throw settings.Find("rope.dimension_count")!.Wrong("an even number");
        }

        float[] divisors = file.Find(FrequencyDivisors) is { } tensor ? file.Vector(tensor) : [];
        if (divisors.Length == 0)
        {
            divisors = new float[dimensionCount / 2];
            Array.Fill(divisors, 1f);
        }

        if (divisors.Length != dimensionCount / 2 || divisors.Any(divisor => !float.IsFinite(divisor) || divisor <= 0))
        {
            throw new ModelFormatException(
                file.Path,
                file[FrequencyDivisors].Offset,
                $"'{FrequencyDivisors}' with {dimensionCount / 2} positive numbers",
                $"{file[FrequencyDivisors]}");
        }

        return new RotaryConfig(
            dimensionCount, settings.Float("rope.freq_base", 10000), ReadPositionScale(settings), divisors);
    }

    private static double ReadPositionScale(GgufSettings settings)
    {
        // An older key for the same factor.
        float factor = settings.Float("rope.scale_linear", 1);
        string? kind = settings.Text("rope.scaling.type");
        factor = settings.Float("rope.scaling.factor", factor);
        settings.Find("rope.scaling.original_context_length");
        settings.Find("rope.scaling.finetuned");
        return kind switch
        {
            null or "none" when settings.Find("rope.scaling.factor") is null => 1.0 / factor,
            "none" => 1,
            null or "linear" => 1.0 / factor,
            _ => throw settings.Find("rope.scaling.type")!.Wrong("none or linear"),
        };
    }

    private static int VocabularySize(GgufFile file, GgufTensor embedding) =>
        embedding.Dimensions.Count == 2 && embedding.Dimensions[1] is >= 1 and <= int.MaxValue
            ? (int)embedding.Dimensions[1]
            : throw new ModelFormatException(
                file.Path, embedding.Offset, "a matrix of token embeddings", $"{embedding}");

    private static LayerWeights ReadLayer(GgufWeights weights, DecoderConfig config, string prefix)
    {
        int hidden = config.HiddenSize;
        int inner = config.FeedForward.InnerSize;
        return new LayerWeights
        {
            AttentionNorm = weights.Vector(prefix + "attn_norm.weight", hidden),
            Query = weights.Matrix(prefix + "attn_q.weight", config.Attention.QueryWidth, hidden),
            Key = weights.Matrix(prefix + "attn_k.weight", config.Attention.KvWidth, hidden),
            Value = weights.Matrix(prefix + "attn_v.weight", config.Attention.KvWidth, hidden),
            AttentionOutput = weights.Matrix(prefix + "attn_output.weight", hidden, config.Attention.QueryWidth),
            FeedForwardNorm = weights.Vector(prefix + "ffn_norm.weight", hidden),
            Gate = weights.Matrix(prefix + "ffn_gate.weight", inner, hidden),
            Up = weights.Matrix(prefix + "ffn_up.weight", inner, hidden),
            Down = weights.Matrix(prefix + "ffn_down.weight", hidden, inner),
        };
    }
}
