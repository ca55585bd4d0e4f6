using System.Globalization;
using System.Numerics;
using Chaku.Model.Files;

namespace Chaku.Model.Adapters;

/// <summary>An <see cref="AdapterOrigin"/> as strings by name; what is read of a file is checked and bounded.</summary>
/// <remarks>The keys are defined in docs/formats/adapter.md. The base's name is kept elsewhere.</remarks>
internal static class AdapterMetadata
{
    /// <summary>
    /// The key of <see cref="AdapterOrigin.Run"/>, in an adapter as in a model that was trained whole.
    /// </summary>
    public const string RunKey = "chaku.run";

    private const string BaseKey = "chaku.base_sha256";
    private const string BaseLicenseKey = "chaku.base_license";
    private const string DataKey = "chaku.data_sha256";
    private const string DataFormatKey = "chaku.data_format";
    private const string DataLicenseKey = "chaku.data_license";
    private const string LicenseKey = "chaku.license";
    private const string RecipeKey = "chaku.recipe";
    private const string SeedKey = "chaku.seed";
    private const string StepKey = "chaku.step";
    private const string StopIdsKey = "chaku.stop_ids";
    private const string TemplateKey = "chaku.template";
    private const string TemplateHashKey = "chaku.template_sha256";
    private const string TuningPrefix = "chaku.tuning.";
    private const string VersionKey = "chaku.version";

    private const int LongestText = 256;
    private const int LongestRun = 1 << 16;
    private const int LongestSetting = 1 << 12;
    private const int MostSettings = 100;
    private const int MostStopIds = 1000;

    private static readonly string IdList = $"at most {MostStopIds} token ids with spaces between";

    /// <summary>Reads a file's metadata.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="metadata">Its strings.</param>
    /// <exception cref="AdapterException">A key has a value that cannot be.</exception>
    public static AdapterOrigin Read(string path, IReadOnlyDictionary<string, string> metadata)
    {
        Reader reader = new(path, metadata);
        return new AdapterOrigin
        {
            BaseSha256 = reader.Hash(BaseKey),
            BaseLicense = reader.Text(BaseLicenseKey),
            Template = reader.Text(TemplateKey),
            TemplateSha256 = reader.Hash(TemplateHashKey),
            StopIds = reader.Ids(StopIdsKey),
            DataSha256 = reader.Hash(DataKey),
            DataFormat = reader.Text(DataFormatKey),
            DataLicense = reader.Text(DataLicenseKey),
            License = reader.Text(LicenseKey),
            Recipe = reader.Text(RecipeKey),
            Tuning = reader.Settings(TuningPrefix),
            Version = reader.Text(VersionKey),
            Seed = reader.Number<ulong>(SeedKey),
            Run = reader.Text(RunKey, LongestRun),
            Step = reader.Number<long>(StepKey),
        };
    }

    /// <summary>What <see cref="Read"/> reads.</summary>
    /// <exception cref="AdapterException">A value is none that could be read again.</exception>
    public static Dictionary<string, string> Write(AdapterOrigin origin)
    {
        Dictionary<string, string> metadata = [];
        Add(BaseKey, origin.BaseSha256);
        Add(BaseLicenseKey, origin.BaseLicense);
        Add(TemplateKey, origin.Template);
        Add(TemplateHashKey, origin.TemplateSha256);
        Add(StopIdsKey, origin.StopIds is { } ids ? string.Join(' ', ids.Select(Digits)) : null);
        Add(DataKey, origin.DataSha256);
        Add(DataFormatKey, origin.DataFormat);
        Add(DataLicenseKey, origin.DataLicense);
        Add(LicenseKey, origin.License);
        Add(RecipeKey, origin.Recipe);
        Add(VersionKey, origin.Version);
        Add(SeedKey, origin.Seed?.ToString(CultureInfo.InvariantCulture));
        Add(RunKey, origin.Run);
        Add(StepKey, origin.Step?.ToString(CultureInfo.InvariantCulture));
        foreach ((string name, string value) in origin.Tuning)
        {
            Add(TuningPrefix + name, value);
        }

        _ = Read("what is to be written", metadata);
        return metadata;

        void Add(string key, string? value)
        {
            if (value is not null)
            {
                metadata.Add(key, value);
            }
        }
    }

    /// <summary>
    /// The tokens that end answers of a model that an adapter was merged into, or that was trained whole: its file says
    /// them as an adapter does. None where it says nothing.
    /// </summary>
    /// <exception cref="ModelFormatException">The key has a value that cannot be.</exception>
    public static IReadOnlyList<int> StopIdsOf(GgufFile model)
    {
        string? text = model.Metadata.Find(StopIdsKey)?.AsString();
        return text is null ? [] : ParseIds(text) ?? throw new ModelFormatException(
            model.Path,
            model.Metadata.EndOffset,
            $"{IdList} as {StopIdsKey}",
            ModelFormatException.Quote(text));
    }

    // Null for what is no list of ids.
    private static int[]? ParseIds(string text)
    {
        string[] words = text.Split(' ', MostStopIds + 1, StringSplitOptions.RemoveEmptyEntries);
        int[] ids = new int[words.Length];
        for (int i = 0; i < words.Length; i++)
        {
            if (!int.TryParse(words[i], NumberStyles.None, CultureInfo.InvariantCulture, out ids[i]))
            {
                return null;
            }
        }

        return ids;
    }

    private static string Digits(int id) => id.ToString(CultureInfo.InvariantCulture);

    private sealed class Reader(string path, IReadOnlyDictionary<string, string> metadata)
    {
        public string? Text(string key, int longest = LongestText) =>
            metadata.GetValueOrDefault(key) is { } text ? Checked(key, text, longest) : null;

        public string? Hash(string key) => metadata.GetValueOrDefault(key) switch
        {
            null => null,
            { Length: ContentHash.DigitCount } hash when hash.All(char.IsAsciiHexDigitLower) => hash,
            { } other => throw Wrong(key, other, $"{ContentHash.DigitCount} hexadecimal digits"),
        };

        public T? Number<T>(string key)
            where T : struct, INumber<T>, IMinMaxValue<T> => metadata.GetValueOrDefault(key) switch
            {
                null => null,
                { } text when T.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out T number) => number,
                { } other => throw Wrong(key, other, $"a number from 0 to {T.MaxValue}"),
            };

        public int[]? Ids(string key) => metadata.GetValueOrDefault(key) is { } text
            ? ParseIds(text) ?? throw Wrong(key, text, IdList)
            : null;

        public IReadOnlyDictionary<string, string> Settings(string prefix)
        {
            Dictionary<string, string> settings = [];
            foreach ((string key, string value) in metadata)
            {
                if (key.StartsWith(prefix, StringComparison.Ordinal))
                {
                    settings.Add(Checked(prefix, key)[prefix.Length..], Checked(key, value, LongestSetting));
                }
            }

            return settings.Count switch
            {
                0 => new AdapterOrigin().Tuning,
                <= MostSettings => settings,
                _ => throw Wrong(prefix, $"{settings.Count}", $"at most {MostSettings} settings"),
            };
        }

        private string Checked(string key, string text, int longest = LongestText) =>
            text.Length <= longest && !text.Any(char.IsControl)
                ? text
                : throw Wrong(key, text, $"a line of at most {longest} characters");

        private AdapterException Wrong(string key, string value, string expected) => new(
            $"{path}: expected {expected} as {ModelFormatException.Quote(key)[1..^1]}, "
            + $"found {ModelFormatException.Quote(value)}");
    }
}
