using System.Globalization;

namespace Chaku.Model.Files;

/// <summary>A tuple of a pickle.</summary>
/// <param name="items">Its items.</param>
internal sealed class PickleTuple(object?[] items)
{
    /// <summary>A tuple of nothing.</summary>
    public static readonly PickleTuple Empty = new([]);

    /// <summary>Its items.</summary>
    public IReadOnlyList<object?> Items => items;

    /// <summary>How many tuples there are at most from this one to its innermost.</summary>
    public int Depth { get; } = 1 + items.OfType<PickleTuple>().Select(inner => inner.Depth).DefaultIfEmpty().Max();

    /// <summary>Its items as whole numbers; null where one is something else.</summary>
    public long[]? Integers() => items.All(item => item is long) ? [.. items.Cast<long>()] : null;
}

/// <summary>A list of a pickle. Nothing that is read needs what is in one.</summary>
internal sealed class PickleList;

/// <summary>
/// A dictionary of a pickle, in the order in which it was filled. It keeps nothing that is in collections within it:
/// nothing that is read needs that, and no chain of collections can then grow, or close.
/// </summary>
internal sealed class PickleDictionary
{
    private static readonly PickleDictionary Empty = new();

    private List<KeyValuePair<object?, object?>>? _entries;

    /// <summary>Its keys and values.</summary>
    public IReadOnlyList<KeyValuePair<object?, object?>> Entries => _entries ?? [];

    /// <summary>Adds a pair; the same key may come again, which whoever reads the keys decides about.</summary>
    public void Add(object? key, object? value) =>
        (_entries ??= []).Add(new(WithoutContent(key), WithoutContent(value)));

    private static object? WithoutContent(object? value) => value switch
    {
        PickleTuple => PickleTuple.Empty,
        PickleDictionary => Empty,
        _ => value,
    };
}

/// <summary>The numbers that tensors are views of.</summary>
/// <param name="Record">Where they lie.</param>
/// <param name="DataType">Their type, as safetensors spells it.</param>
/// <param name="ElementCount">How many there are.</param>
internal sealed record PyTorchStorage(PyTorchRecord Record, string DataType, long ElementCount);

/// <summary>Says what a pickle's values are.</summary>
internal static class PickleValues
{
    private const int MostDescribed = 8;

    /// <summary>What a value is, fit for a message.</summary>
    public static string Describe(object? value) => value switch
    {
        null => "None",
        true => "True",
        false => "False",
        long number => number.ToString(CultureInfo.InvariantCulture),
        double number => number.ToString(CultureInfo.InvariantCulture),
        string text => ModelFormatException.Quote(text),
        PickleTuple tuple when tuple.Integers() is { Length: > 0 and <= MostDescribed } numbers =>
            $"({string.Join(", ", numbers)})",
        PickleTuple => "a tuple",
        PickleList => "a list",
        PickleDictionary => "a dictionary",
        PyTorchStorage storage => $"a storage of {storage.ElementCount} {storage.DataType}",
        FileTensor => "a tensor",
        PyTorchSymbol symbol => symbol.Name,
        _ => throw new ArgumentOutOfRangeException(nameof(value), value.GetType(), "no value of a pickle"),
    };

    /// <summary>What some values are.</summary>
    public static string Describe(IReadOnlyList<object?> values) =>
        $"({string.Join(", ", values.Take(MostDescribed).Select(Describe))})";
}
