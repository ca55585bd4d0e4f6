using System.Text.Json;
using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers.HuggingFace;

/// <summary>
/// How a model's authors would have it speak: <c>generation_config.json</c>. Null is what it does not say.
/// </summary>
internal sealed record GenerationDefaults
{
    /// <summary>The file's name.</summary>
    public const string FileName = "generation_config.json";

    private const string ModelConfigName = "config.json";

    /// <summary>Tokens that end an answer.</summary>
    public IReadOnlyList<int> StopIds { get; init; } = [];

    /// <summary>Whether tokens are drawn; else the likeliest is taken.</summary>
    public bool? IsSampled { get; init; }

    /// <summary>Divides the scores.</summary>
    public double? Temperature { get; init; }

    /// <summary>The share of likelihood that is drawn from.</summary>
    public double? TopP { get; init; }

    /// <summary>The number of tokens that are drawn from.</summary>
    public int? TopK { get; init; }

    /// <summary>The least likelihood, as a share of the greatest.</summary>
    public double? MinP { get; init; }

    /// <summary>What scores of tokens that were there already are divided by.</summary>
    public double? RepetitionPenalty { get; init; }

    /// <summary>The length of an answer.</summary>
    public int? MaximumNewTokens { get; init; }

    /// <summary>Reads the folder's file; where there is none, the model's own end of sequence.</summary>
    /// <exception cref="ModelFormatException">A file is broken.</exception>
    /// <exception cref="IOException">One cannot be read.</exception>
    public static GenerationDefaults Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        bool isThere = File.Exists(path);
        path = isThere ? path : Path.Combine(folder, ModelConfigName);
        if (!File.Exists(path))
        {
            return new();
        }

        using JsonFile file = JsonFile.Open(path);
        GenerationDefaults ends = new() { StopIds = ReadStops(file.Root.Find("eos_token_id")) };
        return isThere ? ends.With(file.Root) : ends;
    }

    private static int[] ReadStops(JsonField? field) => field switch
    {
        null => [],
        { Kind: JsonValueKind.Array } list => [.. list.Items().Select(static id => id.AsInteger())],
        { Kind: JsonValueKind.Number } id when id.Value.TryGetInt32(out int number) && number < 0 => [],
        { } id => [id.AsInteger()],
    };

    private GenerationDefaults With(JsonField root) => this with
    {
        IsSampled = root.Find("do_sample")?.AsBoolean(),
        Temperature = root.Find("temperature")?.AsNumber(),
        TopP = root.Find("top_p")?.AsNumber(),
        TopK = root.Find("top_k")?.AsInteger(),
        MinP = root.Find("min_p")?.AsNumber(),
        RepetitionPenalty = root.Find("repetition_penalty")?.AsNumber(),
        MaximumNewTokens = root.Find("max_new_tokens")?.AsInteger(),
    };
}
