using System.Buffers;
using System.Text.Json;

namespace Chaku.Model.Adapters;

/// <summary>Ranks and alphas of single modules: <c>rank_pattern</c>, <c>alpha_pattern</c>.</summary>
/// <remarks>
/// PEFT takes the first name that the module's name is or ends with, and reads the name as a regular expression. Names
/// with anything but letters, digits, dots, underscores and hyphens, which would be one in earnest, are refused.
/// </remarks>
internal sealed class PeftPatterns
{
    /// <summary>No patterns.</summary>
    public static readonly PeftPatterns None = new([], []);

    private const string RankKey = "rank_pattern";
    private const string AlphaKey = "alpha_pattern";

    private static readonly SearchValues<char> PlainLetters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    private readonly IReadOnlyList<KeyValuePair<string, double>> _ranks;
    private readonly IReadOnlyList<KeyValuePair<string, double>> _alphas;

    private PeftPatterns(
        IReadOnlyList<KeyValuePair<string, double>> ranks, IReadOnlyList<KeyValuePair<string, double>> alphas)
    {
        _ranks = ranks;
        _alphas = alphas;
    }

    /// <summary>Patterns that give some modules a rank of their own.</summary>
    /// <param name="ranks">Ranks by the modules' whole names.</param>
    public static PeftPatterns OfRanks(IEnumerable<KeyValuePair<string, int>> ranks) =>
        new([.. ranks.Select(entry => KeyValuePair.Create(entry.Key, (double)entry.Value))], []);

    /// <summary>Reads the patterns of a file.</summary>
    /// <exception cref="ModelFormatException">They are no objects of numbers.</exception>
    public static PeftPatterns Read(PeftConfigFields fields)
    {
        PeftPatterns patterns = new(fields.Numbers(RankKey), fields.Numbers(AlphaKey));
        fields.Support(RankKey, patterns._ranks.All(IsPlain), "names of modules, no regular expressions,");
        fields.Support(AlphaKey, patterns._alphas.All(IsPlain), "names of modules, no regular expressions,");
        if (patterns._ranks.Any(entry => entry.Value != (int)entry.Value))
        {
            throw fields.Wrong(RankKey, "whole numbers");
        }

        return patterns;
    }

    /// <summary>The settings of a module.</summary>
    /// <param name="module">Its Hugging Face name.</param>
    /// <param name="settings">Those of modules that no pattern names.</param>
    /// <exception cref="AdapterException">They make no adapter.</exception>
    public LoraSettings Apply(string module, LoraSettings settings)
    {
        LoraSettings own = settings with
        {
            Rank = (int)(Find(_ranks, module) ?? settings.Rank),
            Alpha = (float)(Find(_alphas, module) ?? settings.Alpha),
        };
        return own.Checked();
    }

    /// <summary>Writes the ranks, as a field of the file.</summary>
    public void WriteRanks(Utf8JsonWriter json) => Write(json, RankKey, _ranks);

    /// <summary>Writes the alphas, as a field of the file.</summary>
    public void WriteAlphas(Utf8JsonWriter json) => Write(json, AlphaKey, _alphas);

    private static void Write(
        Utf8JsonWriter json, string field, IReadOnlyList<KeyValuePair<string, double>> entries)
    {
        json.WriteStartObject(field);
        foreach ((string name, double value) in entries)
        {
            json.WriteNumber(name, value);
        }

        json.WriteEndObject();
    }

    private static double? Find(IReadOnlyList<KeyValuePair<string, double>> entries, string module)
    {
        foreach ((string name, double value) in entries)
        {
            if (module == name || module.EndsWith("." + name, StringComparison.Ordinal))
            {
                return value;
            }
        }

        return null;
    }

    private static bool IsPlain(KeyValuePair<string, double> entry) =>
        !entry.Key.AsSpan().ContainsAnyExcept(PlainLetters);
}
