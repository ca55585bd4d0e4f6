using System.Text;

namespace Chaku.Model.Files;

/// <summary>One value of a file's metadata, read as the type that is wanted of it.</summary>
/// <remarks>
/// Every reading throws <see cref="ModelFormatException"/> where the value is of another type or out of range.
/// </remarks>
internal sealed class MetadataValue
{
    private readonly string _file;
    private readonly long _offset;

    /// <summary>A value at a place in a file.</summary>
    /// <param name="key">The value's name.</param>
    /// <param name="type">The value's type.</param>
    /// <param name="content">A <c>byte[]</c> for a string, a <see cref="GgufArray"/>, or a boxed scalar.</param>
    /// <param name="file">The file, for messages.</param>
    /// <param name="offset">The value's first byte, for messages.</param>
    public MetadataValue(string key, GgufValueType type, object content, string file, long offset)
    {
        Key = key;
        Type = type;
        Content = content;
        _file = file;
        _offset = offset;
    }

    /// <summary>The value's name.</summary>
    public string Key { get; }

    /// <summary>The value's type.</summary>
    public GgufValueType Type { get; }

    /// <summary>A <c>byte[]</c> for a string, a <see cref="GgufArray"/>, or a boxed scalar.</summary>
    public object Content { get; }

    /// <summary>Elements of an array; 1 for anything else.</summary>
    public int Length => Content is GgufArray array ? array.Items.Length : 1;

    /// <summary>A string; bytes that are no UTF-8 become U+FFFD.</summary>
    public string AsString() => Encoding.UTF8.GetString(AsBytes());

    /// <summary>A string's bytes as they are in the file.</summary>
    public byte[] AsBytes() => Type == GgufValueType.String ? (byte[])Content : throw Wrong("a string");

    /// <summary>An integer of any width.</summary>
    public long AsInt64() => ToInt64(Content) ?? throw Wrong("an integer of at most 64 bits with a sign");

    /// <summary>An integer of any width, in 32 bits.</summary>
    public int AsInt32() => ToInt64(Content) is long and >= int.MinValue and <= int.MaxValue and long value
        ? (int)value
        : throw Wrong("an integer of at most 32 bits with a sign");

    /// <summary>A number with a fraction, of either width.</summary>
    public float AsSingle() => ToSingle(Content) ?? throw Wrong("a float");

    /// <summary>Yes or no.</summary>
    public bool AsBool() => Content is bool value ? value : throw Wrong("a bool");

    /// <summary>An array of strings; bytes that are no UTF-8 become U+FFFD.</summary>
    public string[] AsStrings() => Array.ConvertAll(AsByteStrings(), Encoding.UTF8.GetString);

    /// <summary>An array of strings, their bytes as they are in the file.</summary>
    public byte[][] AsByteStrings() =>
        Content is GgufArray { ElementType: GgufValueType.String, Items: byte[][] strings }
            ? strings
            : throw Wrong("an array of strings");

    /// <summary>An array of integers of any width.</summary>
    public long[] AsInt64s() => Elements(ToInt64, "an array of integers of at most 64 bits with a sign");

    /// <summary>An array of integers of any width, in 32 bits each.</summary>
    public int[] AsInt32s() => Elements(
        item => ToInt64(item) is long and >= int.MinValue and <= int.MaxValue and long value ? (int?)value : null,
        "an array of integers of at most 32 bits with a sign");

    /// <summary>An array of numbers with a fraction, of either width.</summary>
    public float[] AsSingles() => Elements(ToSingle, "an array of floats");

    /// <summary>An array of bools.</summary>
    public bool[] AsBools() => Elements(item => item as bool?, "an array of bools");

    /// <summary>The error of a value that is well formed but not what its key stands for.</summary>
    /// <param name="expected">What the key stands for: "a power of two".</param>
    public ModelFormatException Wrong(string expected) =>
        new(_file, _offset, $"metadata key {ModelFormatException.Quote(Key)} to be {expected}", $"{this}");

    /// <summary>The type, and the value where it is short.</summary>
    public override string ToString() => Content switch
    {
        GgufArray array => $"an array of {array.Items.Length} {array.ElementType}",
        byte[] => $"{Type} {ModelFormatException.Quote(AsString())}",
        _ => FormattableString.Invariant($"{Type} {Content}"),
    };

    private static long? ToInt64(object? content) => content switch
    {
        byte value => value,
        sbyte value => value,
        ushort value => value,
        short value => value,
        uint value => value,
        int value => value,
        long value => value,
        ulong and <= long.MaxValue and ulong value => (long)value,
        _ => null,
    };

    private static float? ToSingle(object? content) => content switch
    {
        float value => value,
        double value => (float)value,
        _ => null,
    };

    private T[] Elements<T>(Func<object?, T?> convert, string expected)
        where T : struct
    {
        if (Content is not GgufArray array)
        {
            throw Wrong(expected);
        }

        if (array.Items is T[] items && items.GetType() == typeof(T[]))
        {
            return items;
        }

        T[] converted = new T[array.Items.Length];
        for (int index = 0; index < converted.Length; index++)
        {
            converted[index] = convert(array.Items.GetValue(index)) ?? throw Wrong($"{expected} (element {index})");
        }

        return converted;
    }
}
