using Chaku.Model.Files;

namespace Chaku.Model.Families;

/// <summary>
/// A model's settings under the names that GGUF gives them, whichever dialect the file speaks; knows which were read.
/// </summary>
internal sealed class ModelSettings
{
    private readonly Metadata _metadata;
    private readonly SettingsDialect _dialect;
    private readonly HashSet<string> _known = [];

    /// <summary>The settings of a model.</summary>
    /// <param name="metadata">What the file says.</param>
    /// <param name="dialect">How it spells it.</param>
    public ModelSettings(Metadata metadata, SettingsDialect dialect)
    {
        _metadata = metadata;
        _dialect = dialect;
    }

    /// <summary>Whether this is Hugging Face's <c>config.json</c>, not a GGUF file's metadata.</summary>
    public bool IsHuggingFace => _dialect.IsHuggingFace;

    /// <summary>The value under a key; null without it.</summary>
    public MetadataValue? Find(string key)
    {
        MetadataValue? found = null;
        foreach (string name in _dialect.Spellings(key))
        {
            _known.Add(name);
            found ??= _metadata.Find(name);
        }

        return found;
    }

    /// <summary>The value under a key that must be there.</summary>
    /// <exception cref="ModelFormatException">It is missing.</exception>
    public MetadataValue Required(string key) => Find(key) ?? _metadata[_dialect.Spellings(key)[0]];

    /// <summary>A positive integer.</summary>
    /// <exception cref="ModelFormatException">It is missing, or not in [1, <paramref name="most"/>].</exception>
    public int Count(string key, int most = int.MaxValue) => Positive(Required(key), most);

    /// <summary>A positive integer, or what it is without the key.</summary>
    public int Count(string key, int otherwise, int most) =>
        Find(key) is { } value ? Positive(value, most) : otherwise;

    /// <summary>A positive integer; 0 without the key, or where it is 0.</summary>
    public int OptionalCount(string key) =>
        Find(key) is { } value && value.AsInt64() != 0 ? Positive(value, int.MaxValue) : 0;

    /// <summary>A positive, finite number, or what it is without the key.</summary>
    public float Float(string key, float otherwise)
    {
        if (Find(key) is not { } value)
        {
            return otherwise;
        }

        return Number(value) is var number && float.IsFinite(number) && number > 0
            ? number
            : throw value.Wrong("a positive number");
    }

    /// <summary>A positive, finite number; 0 without the key, or where it is 0.</summary>
    public float OptionalFloat(string key) => Find(key) is { } value && Number(value) != 0 ? Float(key, 0) : 0;

    /// <summary>
    /// A positive, finite number; 0 where <c>config.json</c> says that there is none; without the key the usual one.
    /// </summary>
    public float FloatOrNone(string key, float usual) =>
        _dialect.Spellings(key).Any(_metadata.Nulls.Contains) ? 0 : Float(key, usual);

    /// <summary>A positive, finite number that must be there.</summary>
    public float RequiredFloat(string key)
    {
        _ = Required(key);
        return Float(key, 0);
    }

    /// <summary>Numbers; null without the key.</summary>
    public float[]? Floats(string key) => Find(key) switch
    {
        null => null,
        { Content: GgufArray { ElementType: GgufValueType.Int64 } } value =>
            Array.ConvertAll(value.AsInt64s(), number => (float)number),
        { } value => value.AsSingles(),
    };

    /// <summary>Yes or no, or what it is without the key.</summary>
    public bool Flag(string key, bool otherwise) => Find(key)?.AsBool() ?? otherwise;

    /// <summary>A string; null without the key.</summary>
    public string? Text(string key) => Find(key)?.AsString();

    /// <summary>
    /// Refuses any value of a flag but one: the other is a computation that no model is known to use.
    /// </summary>
    /// <param name="key">The key; may be missing.</param>
    /// <param name="expected">The only value that is understood.</param>
    public void RequireFlag(string key, bool expected)
    {
        if (Find(key) is { } value && value.AsBool() != expected)
        {
            throw value.Wrong(expected ? "true" : "false");
        }
    }

    /// <summary>Refuses settings that nobody read: they may change the computation.</summary>
    /// <exception cref="ModelFormatException">The first such key.</exception>
    public void RequireAllKnown()
    {
        foreach (MetadataValue value in _metadata)
        {
            if (_dialect.IsSetting(value) && !_known.Contains(value.Key))
            {
                throw value.Wrong($"only settings that this software understands, not {value.Key}");
            }
        }
    }

    private static float Number(MetadataValue value) => value.Content is long number ? number : value.AsSingle();

    private static int Positive(MetadataValue value, int most) =>
        value.AsInt64() is var number && number >= 1 && number <= most
            ? (int)number
            : throw value.Wrong($"a number from 1 to {most}");
}
