using System.Buffers;
using System.Text.Json;
using Chaku.Model.Files;

namespace Chaku.Model.Adapters;

/// <summary>
/// What <c>adapter_config.json</c> says. What asks for more than plain LoRA is kept by name, to be shown or refused.
/// </summary>
/// <remarks>Source: the fields of PEFT's <c>LoraConfig</c> and <c>PeftConfig</c>, with their defaults.</remarks>
internal sealed record PeftConfig
{
    private const int MaximumByteLength = 1 << 20;
    private const int MaximumDepth = 16;
    private const int DefaultRank = 8;
    private const float DefaultAlpha = 8;

    // They say how the factors were found, or what was changed; the factors themselves say what the adapter computes.
    private static readonly HashSet<string> Inert =
    [
        "auto_mapping", "corda_config", "ensure_weight_tying", "eva_config", "exclude_modules", "inference_mode",
        "layers_pattern", "layers_to_transform", "loftq_config", "lora_dropout", "lora_ga_config", "megatron_core",
        "peft_version", "qalora_group_size", "revision", "runtime_config",
    ];

    // Other ways to begin take something from the base's weights, which then no longer are the base's.
    private static readonly string[] HarmlessBeginnings = ["eva", "gaussian", "orthogonal"];

    /// <summary>Rank, alpha, and whether it is rsLoRA or DoRA.</summary>
    public required LoraSettings Settings { get; init; }

    /// <summary>Names of the changed modules, whole or their last parts.</summary>
    public IReadOnlyList<string> TargetModules { get; init; } = [];

    /// <summary>
    /// Whether <see cref="TargetModules"/> names all changed modules; else a pattern or other keys do.
    /// </summary>
    public bool TargetsAreComplete { get; init; }

    /// <summary>What the base is called.</summary>
    public string? BaseName { get; init; }

    /// <summary>Ranks and alphas of their own for some modules.</summary>
    public PeftPatterns Patterns { get; init; } = PeftPatterns.None;

    /// <summary>Modules that the adapter replaces whole.</summary>
    public IReadOnlyList<string> ModulesToSave { get; init; } = [];

    /// <summary>
    /// Whether the base keeps its matrices transposed, as GPT-2 does: the factors themselves are not.
    /// </summary>
    public bool IsFanInFanOut { get; init; }

    /// <summary>Why this adapter cannot be computed, a line for each reason; none where it can.</summary>
    public IReadOnlyList<string> Unsupported { get; init; } = [];

    /// <summary>Reads the file.</summary>
    /// <exception cref="ModelFormatException">It is no such JSON, or of no LoRA adapter.</exception>
    /// <exception cref="AdapterException">Its settings make no adapter.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static PeftConfig Read(string path)
    {
        using JsonFile file = JsonFile.Open(path, MaximumByteLength, MaximumDepth);
        return Read(new PeftConfigFields(file.Root));
    }

    /// <summary>The file's bytes: the same for the same content.</summary>
    public byte[] ToJson()
    {
        ArrayBufferWriter<byte> output = new();
        using (Utf8JsonWriter json = new(output, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            Patterns.WriteAlphas(json);
            json.WriteNull("auto_mapping");
            json.WriteString("base_model_name_or_path", BaseName);
            json.WriteString("bias", "none");
            json.WriteBoolean("fan_in_fan_out", false);
            json.WriteBoolean("inference_mode", true);
            json.WriteBoolean("init_lora_weights", true);
            json.WriteNull("layers_pattern");
            json.WriteNull("layers_to_transform");
            json.WriteNumber("lora_alpha", Settings.Alpha);
            json.WriteNumber("lora_dropout", 0);
            json.WriteNull("modules_to_save");
            json.WriteString("peft_type", "LORA");
            json.WriteNumber("r", Settings.Rank);
            Patterns.WriteRanks(json);
            json.WriteNull("revision");
            json.WriteStartArray("target_modules");
            foreach (string target in TargetModules)
            {
                json.WriteStringValue(target);
            }

            json.WriteEndArray();
            json.WriteString("task_type", "CAUSAL_LM");
            json.WriteBoolean("use_dora", Settings.IsWeightDecomposed);
            json.WriteBoolean("use_rslora", Settings.IsRankStabilised);
            json.WriteEndObject();
        }

        return [.. output.WrittenSpan, (byte)'\n'];
    }

    private static PeftConfig Read(PeftConfigFields fields)
    {
        if (Text("peft_type") != "LORA")
        {
            throw fields.Wrong("peft_type", "\"LORA\"");
        }

        fields.Support("task_type", Text("task_type") is null or "CAUSAL_LM", "\"CAUSAL_LM\"");
        fields.Support("bias", Text("bias") is null or "none", "\"none\"");
        fields.Support(
            "init_lora_weights",
            fields.Find("init_lora_weights") is not { Kind: JsonValueKind.String } beginning
                || HarmlessBeginnings.Contains(beginning.AsText()),
            "a beginning that leaves the base as it is");
        IReadOnlyList<string> modulesToSave = fields.Texts("modules_to_save");
        fields.Support("modules_to_save", fields.IsNeutral("modules_to_save"), "no module");
        LoraSettings settings = new(
            fields.Find("r")?.AsInteger() ?? DefaultRank,
            (float)(fields.Find("lora_alpha")?.AsNumber() ?? DefaultAlpha),
            IsTrue("use_rslora"),
            IsTrue("use_dora"));
        PeftConfig config = new()
        {
            Settings = settings.Checked(),
            TargetModules = fields.Texts("target_modules"),
            TargetsAreComplete = fields.Find("target_modules") is { Kind: JsonValueKind.Array }
                && fields.IsNeutral("layers_to_transform") && fields.IsNeutral("exclude_modules"),
            BaseName = Text("base_model_name_or_path"),
            Patterns = PeftPatterns.Read(fields),
            ModulesToSave = modulesToSave,
            IsFanInFanOut = IsTrue("fan_in_fan_out"),
        };
        fields.SupportRest(Inert);
        return config with { Unsupported = fields.Unsupported };

        string? Text(string name) => fields.Find(name)?.AsText();

        bool IsTrue(string name) => fields.Find(name)?.AsBoolean() ?? false;
    }
}
