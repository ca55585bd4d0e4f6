using Chaku.Model.Files;

namespace Chaku.Model.Families;

/// <summary>A file's settings under its architecture's prefix; knows which keys were read.</summary>
internal sealed class GgufSettings
{
    private readonly GgufFile _file;
    private readonly string _prefix;
    private readonly HashSet<string> _known = [];

    /// <summary>The settings of a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="architecture">The prefix before the dot.</param>
    /// <param name="ignored">Keys without the prefix that change no computation.</param>
    public GgufSettings(GgufFile file, string architecture, params IEnumerable<string> ignored)
    {
        _file = file;
        _prefix = architecture + ".";
        _known.UnionWith(ignored.Select(key => _prefix + key));
    }

    /// <summary>A positive integer.</summary>
    /// <exception cref="ModelFormatException">It is missing, or not in [1, <paramref name="most"/>].</exception>
    public int Count(string key, int most = int.MaxValue)
    {
        MetadataValue value = _file.Metadata[Note(key)];
        return Positive(value, most);
    }

    /// <summary>A positive integer, or what it is without the key.</summary>
    public int Count(string key, int otherwise, int most) =>
        Find(key) is { } value ? Positive(value, most) : otherwise;

    /// <summary>A positive, finite float, or what it is without the key.</summary>
    public float Float(string key, float otherwise)
    {
        if (Find(key) is not { } value)
        {
            return otherwise;
        }

        return value.AsSingle() is var number && float.IsFinite(number) && number > 0
            ? number
            : throw value.Wrong("a positive number");
    }

    /// <summary>A positive, finite float that must be there.</summary>
    public float RequiredFloat(string key)
    {
        _ = _file.Metadata[Note(key)];
        return Float(key, 0);
    }

    /// <summary>A string; null without the key.</summary>
    public string? Text(string key) => Find(key)?.AsString();

    /// <summary>The value under a key; null without it.</summary>
    public MetadataValue? Find(string key) => _file.Metadata.Find(Note(key));

    /// <summary>Refuses a file with a key that nobody read: it may change the computation.</summary>
    /// <exception cref="ModelFormatException">The first such key.</exception>
    public void RequireAllKnown()
    {
        foreach (MetadataValue value in _file.Metadata)
        {
            if (value.Key.StartsWith(_prefix, StringComparison.Ordinal) && !_known.Contains(value.Key))
            {
                throw value.Wrong($"only settings that this software understands, not {value.Key}");
            }
        }
    }

    private static int Positive(MetadataValue value, int most) =>
        value.AsInt64() is var number && number >= 1 && number <= most
            ? (int)number
            : throw value.Wrong($"a number from 1 to {most}");

    private string Note(string key)
    {
        _known.Add(_prefix + key);
        return _prefix + key;
    }
}
