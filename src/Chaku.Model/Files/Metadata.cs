using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Chaku.Model.Files;

/// <summary>A GGUF file's metadata: named values in the file's order.</summary>
/// <param name="file">The file, for messages.</param>
internal sealed class Metadata(string file) : IReadOnlyCollection<MetadataValue>
{
    private readonly OrderedDictionary<string, MetadataValue> _values = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _nulls = new(StringComparer.Ordinal);

    /// <summary>Number of values.</summary>
    public int Count => _values.Count;

    /// <summary>Where the metadata end in the file, for messages about what is missing.</summary>
    public long EndOffset { get; set; }

    /// <summary>
    /// Names that stand for nothing in <c>config.json</c> (null), where another value would be understood without them.
    /// </summary>
    public IReadOnlyCollection<string> Nulls => _nulls;

    /// <summary>The value with this name.</summary>
    /// <exception cref="ModelFormatException">There is none.</exception>
    public MetadataValue this[string key] => Find(key)
        ?? throw new ModelFormatException(
            file, EndOffset, $"metadata key {ModelFormatException.Quote(key)}", "none of that name");

    /// <summary>The value with this name; null where there is none.</summary>
    public MetadataValue? Find(string key) => _values.GetValueOrDefault(key);

    /// <summary>Whether there is a string of this name.</summary>
    /// <exception cref="ModelFormatException">The value is no string.</exception>
    public bool TryGetString(string key, [NotNullWhen(true)] out string? value)
    {
        value = Find(key)?.AsString();
        return value is not null;
    }

    /// <summary>Adds a value read from a file.</summary>
    /// <returns>False where the name is taken.</returns>
    public bool TryAdd(MetadataValue value) => _values.TryAdd(value.Key, value);

    /// <summary>Says that a name stands for nothing.</summary>
    public void AddNull(string key) => _nulls.Add(key);

    /// <summary>Adds a value to be written.</summary>
    /// <param name="key">Its name.</param>
    /// <param name="content">
    /// A string, a scalar, a <see cref="GgufArray"/>, or an array of strings or scalars; the type in memory is the type
    /// in the file.
    /// </param>
    /// <exception cref="ArgumentException">The name is taken, or no type of the file holds such content.</exception>
    public void Add(string key, object content)
    {
        (GgufValueType type, object stored) = Stored(content);
        if (!TryAdd(new MetadataValue(key, type, stored, file, 0)))
        {
            throw new ArgumentException(
                $"metadata key {ModelFormatException.Quote(key)} is already there", nameof(key));
        }
    }

    /// <inheritdoc/>
    public IEnumerator<MetadataValue> GetEnumerator() => _values.Values.GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static (GgufValueType Type, object Content) Stored(object content) => content switch
    {
        string text => (GgufValueType.String, Encoding.UTF8.GetBytes(text)),
        GgufArray array => (GgufValueType.Array, array),
        string[] texts =>
            (GgufValueType.Array, new GgufArray(GgufValueType.String, Array.ConvertAll(texts, Encoding.UTF8.GetBytes))),
        byte[][] strings => (GgufValueType.Array, new GgufArray(GgufValueType.String, strings)),
        Array items when GgufScalar.Find(items.GetType().GetElementType()!) is { } scalar =>
            (GgufValueType.Array, new GgufArray(scalar.Type, items)),
        _ when GgufScalar.Find(content.GetType()) is { } scalar => (scalar.Type, content),
        _ => throw new ArgumentException($"no metadata type holds {content.GetType()}", nameof(content)),
    };
}
