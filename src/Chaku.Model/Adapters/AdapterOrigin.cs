using System.Globalization;
using System.Numerics;
using Chaku.Model.Files;

namespace Chaku.Model.Adapters;

/// <summary>Where an adapter comes from, as far as its file says: null is what it does not say.</summary>
/// <remarks>The keys are defined in docs/formats/adapter.md.</remarks>
internal sealed record AdapterOrigin
{
    /// <summary>The key of <see cref="Run"/>, in an adapter as in a model that was trained whole.</summary>
    public const string RunKey = "chaku.run";

    private const string BaseKey = "chaku.base_sha256";
    private const string SeedKey = "chaku.seed";
    private const string StepKey = "chaku.step";
    private const string StopIdsKey = "chaku.stop_ids";
    private const string TemplateKey = "chaku.template";
    private const string VersionKey = "chaku.version";

    /// <summary>This software's version.</summary>
    public static string CurrentVersion { get; } = typeof(AdapterOrigin).Assembly.GetName().Version!.ToString(3);

    /// <summary>The base's content hash.</summary>
    public string? BaseSha256 { get; init; }

    /// <summary>What the base is called.</summary>
    public string? BaseName { get; init; }

    /// <summary>The chat template it was trained with.</summary>
    public string? Template { get; init; }

    /// <summary>The tokens that end its answers.</summary>
    public IReadOnlyList<int>? StopIds { get; init; }

    /// <summary>The version that trained it.</summary>
    public string? Version { get; init; }

    /// <summary>The seed it was trained with.</summary>
    public ulong? Seed { get; init; }

    /// <summary>All that determined the run, where it was not broken off.</summary>
    public string? Run { get; init; }

    /// <summary>The steps behind these numbers.</summary>
    public long? Step { get; init; }

    /// <summary>The origin of an adapter that this software trains on a model.</summary>
    /// <param name="model">The base.</param>
    /// <param name="baseSha256">Its content hash.</param>
    public static AdapterOrigin On(LanguageModel model, string baseSha256) => new()
    {
        BaseName = model.Source.Name ?? Path.GetFileName(model.Path),
        BaseSha256 = baseSha256,
        Version = CurrentVersion,
    };

    /// <summary>Reads a file's metadata; the base's name is kept elsewhere.</summary>
    /// <exception cref="AdapterException">A key has a value that cannot be.</exception>
    public static AdapterOrigin Read(string path, IReadOnlyDictionary<string, string> metadata)
    {
        string? baseSha256 = metadata.GetValueOrDefault(BaseKey);
        if (baseSha256 is not null
            && (baseSha256.Length != ContentHash.DigitCount || !baseSha256.All(char.IsAsciiHexDigitLower)))
        {
            throw Wrong(path, BaseKey, baseSha256, $"{ContentHash.DigitCount} hexadecimal digits");
        }

        return new AdapterOrigin
        {
            BaseSha256 = baseSha256,
            Template = metadata.GetValueOrDefault(TemplateKey),
            StopIds = metadata.GetValueOrDefault(StopIdsKey) is { } ids ? ParseIds(path, ids) : null,
            Version = metadata.GetValueOrDefault(VersionKey),
            Seed = metadata.GetValueOrDefault(SeedKey) is { } seed ? ParseNumber<ulong>(path, SeedKey, seed) : null,
            Run = metadata.GetValueOrDefault(RunKey),
            Step = metadata.GetValueOrDefault(StepKey) is { } step ? ParseNumber<long>(path, StepKey, step) : null,
        };
    }

    /// <summary>What <see cref="Read"/> reads.</summary>
    public Dictionary<string, string> ToMetadata()
    {
        Dictionary<string, string> metadata = [];
        Add(BaseKey, BaseSha256);
        Add(TemplateKey, Template);
        Add(VersionKey, Version);
        Add(SeedKey, Seed?.ToString(CultureInfo.InvariantCulture));
        Add(RunKey, Run);
        Add(StepKey, Step?.ToString(CultureInfo.InvariantCulture));
        Add(StopIdsKey, StopIds is null
            ? null
            : string.Join(' ', StopIds.Select(id => id.ToString(CultureInfo.InvariantCulture))));
        return metadata;

        void Add(string key, string? value)
        {
            if (value is not null)
            {
                metadata.Add(key, value);
            }
        }
    }

    private static T ParseNumber<T>(string path, string key, string text)
        where T : struct, INumber<T>, IMinMaxValue<T> =>
        T.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out T number)
            ? number
            : throw Wrong(path, key, text, $"a number from 0 to {T.MaxValue}");

    private static int[] ParseIds(string path, string text)
    {
        string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int[] ids = new int[words.Length];
        for (int i = 0; i < words.Length; i++)
        {
            if (!int.TryParse(words[i], NumberStyles.None, CultureInfo.InvariantCulture, out ids[i]))
            {
                throw Wrong(path, StopIdsKey, text, "token ids with spaces between");
            }
        }

        return ids;
    }

    private static AdapterException Wrong(string path, string key, string value, string expected) =>
        new($"{path}: expected {expected} as {key}, found {ModelFormatException.Quote(value)}");
}
