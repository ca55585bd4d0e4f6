using Chaku.Kernels.Ops;
using Chaku.Model.Decoding;

namespace Chaku.Model.Families;

/// <summary>
/// Gemma 2: norms before and behind each block, capped scores and logits, and a window in every other layer.
/// </summary>
/// <remarks>
/// Source: arXiv:2408.00118; what files mean that do not say it: <c>Gemma2Config</c> of the transformers library and
/// llama.cpp's <c>llama-model.cpp</c>.
/// </remarks>
internal sealed class Gemma2Family : LlamaShapedFamily
{
    private const int LayersOfLargest = 46;
    private const int DefaultWindow = 4096;
    private const string ScoreCap = "attn_logit_softcapping";
    private const string LogitCap = "final_logit_softcapping";
    private const float UsualScoreCap = 50;
    private const float UsualLogitCap = 30;
    private const float UsualScalar = 256;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Architectures => ["gemma2"];

    /// <inheritdoc/>
    public override IReadOnlyList<string> ModelTypes => ["gemma2"];

    /// <inheritdoc/>
    public override string SentencePieceClass => "GemmaTokenizer";

    /// <inheritdoc/>
    public override bool IsTiedByDefault => true;

    /// <inheritdoc/>
    public override IReadOnlyList<ModuleNames> Modules { get; } =
    [
        .. SharedModules
            .Where(names => !names.Gguf.EndsWith("_norm", StringComparison.Ordinal)),
        new("blk.{0}.attn_norm", "model.layers.{0}.input_layernorm", StoredAs.LessOne),
        new("blk.{0}.post_attention_norm", "model.layers.{0}.post_attention_layernorm", StoredAs.LessOne),
        new("blk.{0}.ffn_norm", "model.layers.{0}.pre_feedforward_layernorm", StoredAs.LessOne),
        new("blk.{0}.post_ffw_norm", "model.layers.{0}.post_feedforward_layernorm", StoredAs.LessOne),
        new("output_norm", "model.norm", StoredAs.LessOne),
    ];

    /// <inheritdoc/>
    protected override bool NamesHeadSize => true;

    /// <inheritdoc/>
    public override HuggingFaceClass ClassOf(DecoderConfig config) => new("gemma2", "Gemma2ForCausalLM");

    /// <inheritdoc/>
    public override void Write(SettingsWriter settings, DecoderConfig config)
    {
        base.Write(settings, config);
        WriteCap(ScoreCap, config.Attention.SoftCap);
        WriteCap(LogitCap, config.Head.SoftCap);
        if (settings.IsHuggingFace)
        {
            // The scale is rounded, so that its square is one of two neighbours of a whole number.
            float scale = config.Attention.Scale;
            settings.Number("query_pre_attn_scalar", MathF.Round(1 / (scale * scale)));
            settings.Text("hidden_activation", "gelu_pytorch_tanh");
        }

        // A reader takes a usual cap where none is named: a model without one has no words in a file.
        void WriteCap(string key, float cap)
        {
            if (cap > 0)
            {
                settings.Number(key, cap);
            }
        }
    }

    /// <inheritdoc/>
    protected override void WriteWindow(SettingsWriter settings, DecoderConfig config) => settings.Count(
        "attention.sliding_window",
        config.Attention.Windows.Count > 0 ? config.Attention.Windows.Max() : config.ContextLength);

    /// <inheritdoc/>
    protected override IReadOnlyList<int> Windows(ModelSettings settings, ModelShape shape) => shape.Windows(
        settings,
        settings.Count("attention.sliding_window", DefaultWindow, int.MaxValue),
        static layer => layer % 2 == 0);

    /// <inheritdoc/>
    protected override DecoderConfig Refine(DecoderConfig config, ModelSettings settings, WeightSource weights)
    {
        // GGUF has no key for it; the largest model scales by the hidden size's share of a head, not by the head's
        // size.
        float otherwise = settings.IsHuggingFace ? UsualScalar
            : config.LayerCount == LayersOfLargest ? (float)config.HiddenSize / config.Attention.HeadCount
            : config.Attention.HeadSize;
        float scalar = settings.Float("query_pre_attn_scalar", otherwise);
        return config with
        {
            Embedding = new EmbeddingConfig(MathF.Sqrt(config.HiddenSize)),
            Attention = config.Attention with
            {
                Scale = 1 / MathF.Sqrt(scalar),
                SoftCap = settings.FloatOrNone(ScoreCap, UsualScoreCap),
            },
            FeedForward = config.FeedForward with
            {
                Activation = ActivationSettings.Read(settings, ActivationFunctions.GeluTanh),
            },
            Residual = new ResidualConfig(HasPostNorms: true),
            Head = config.Head with { SoftCap = settings.FloatOrNone(LogitCap, UsualLogitCap) },
        };
    }
}
