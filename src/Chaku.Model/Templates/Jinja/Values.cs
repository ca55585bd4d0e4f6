using System.Diagnostics.CodeAnalysis;

namespace Chaku.Model.Templates.Jinja;

// A template's values are objects: null (None), bool, long, double, MarkedText and the types below.

/// <summary>What a name, a key or an attribute stands for that is not there.</summary>
/// <param name="message">What a use of it is refused with.</param>
internal sealed class Undefined(string message)
{
    /// <summary>What a use of it is refused with.</summary>
    public JinjaException Refuse() => new(message);
}

/// <summary>How a sequence behaves.</summary>
internal enum SequenceKind
{
    /// <summary>A list.</summary>
    List,

    /// <summary>A tuple.</summary>
    Tuple,

    /// <summary>What <c>range</c> makes: a list that has no text and no JSON.</summary>
    Range,

    /// <summary>The keys, values or items of a dictionary: they have a length and no indices.</summary>
    View,

    /// <summary>What a lazy filter gives: always true, without a length, empty when it has been read.</summary>
    Iterator,
}

/// <summary>Items in order; they never change, as Hugging Face's sandbox has it.</summary>
internal sealed class JinjaList
{
    private bool _isRead;

    /// <summary>Counts the items, and how deep they are nested.</summary>
    public JinjaList(JinjaRun run, IReadOnlyList<object?> items, SequenceKind kind = SequenceKind.List)
    {
        run.ChargeItems(items.Count);
        Items = items;
        Kind = kind;
        Nesting = Nestings.Around(items);
    }

    /// <summary>The items, whether they were read or not.</summary>
    public IReadOnlyList<object?> Items { get; }

    /// <summary>How it behaves.</summary>
    public SequenceKind Kind { get; }

    /// <summary>Lists and dictionaries inside each other, this one included.</summary>
    public int Nesting { get; }

    /// <summary>Names for the items, where it has them.</summary>
    public IReadOnlyList<string> FieldNames { get; init; } = [];

    /// <summary>Whether items are found by their number.</summary>
    public bool IsIndexed => Kind is SequenceKind.Range || IsLiteral;

    /// <summary>Whether it can be written out: a list or a tuple.</summary>
    public bool IsLiteral => Kind is SequenceKind.List or SequenceKind.Tuple;

    /// <summary>The items, to go through.</summary>
    public IReadOnlyList<object?> Read()
    {
        IReadOnlyList<object?> items = _isRead ? [] : Items;
        _isRead = Kind == SequenceKind.Iterator;
        return items;
    }
}

/// <summary>A key of a dictionary: None, a truth value, a number or text.</summary>
/// <param name="Value">The value.</param>
internal readonly record struct JinjaKey(object? Value)
{
    /// <summary>The value as a key.</summary>
    /// <exception cref="JinjaException">It cannot be one.</exception>
    public static JinjaKey Of(object? value) => TryMake(value, out JinjaKey key)
        ? key
        : throw new JinjaException($"a {Display.TypeName(value)} cannot be a key");

    /// <summary>The value as a key, if it can be one.</summary>
    public static bool TryMake(object? value, out JinjaKey key)
    {
        // Python takes 1, 1.0 and True for the same key.
        object? plain = value switch
        {
            bool truth => truth ? 1L : 0L,
            double number when number == Math.Floor(number) && Math.Abs(number) < 1L << 53 => (long)number,
            _ => value,
        };
        key = new(plain);
        return value is null or bool or long or double or MarkedText;
    }
}

/// <summary>Keys with values, in the order of their coming; they never change.</summary>
internal sealed class JinjaDict
{
    private readonly OrderedDictionary<JinjaKey, KeyValuePair<object?, object?>> _entries = [];

    /// <summary>Counts the entries, and how deep they are nested. A later value of a key replaces an earlier.</summary>
    public JinjaDict(JinjaRun run, IEnumerable<KeyValuePair<object?, object?>> entries)
    {
        foreach (KeyValuePair<object?, object?> entry in entries)
        {
            JinjaKey key = JinjaKey.Of(entry.Key);
            _entries[key] = _entries.TryGetValue(key, out KeyValuePair<object?, object?> old)
                ? new(old.Key, entry.Value)
                : entry;
        }

        run.ChargeItems(_entries.Count);
        Nesting = Nestings.Around(_entries.Values.Select(static entry => entry.Value));
    }

    /// <summary>Keys and values.</summary>
    public IReadOnlyList<KeyValuePair<object?, object?>> Entries => _entries.Values;

    /// <summary>Lists and dictionaries inside each other, this one included.</summary>
    public int Nesting { get; }

    /// <summary>The value of a key.</summary>
    public bool TryGet(object? key, [MaybeNullWhen(false)] out object? value)
    {
        value = null;
        if (!JinjaKey.TryMake(key, out JinjaKey plain)
            || !_entries.TryGetValue(plain, out KeyValuePair<object?, object?> entry))
        {
            return false;
        }

        value = entry.Value;
        return true;
    }
}

/// <summary>What <c>namespace()</c> makes: variables that a loop may set for the lines behind it.</summary>
internal sealed class JinjaNamespace
{
    /// <summary>The variables.</summary>
    public Dictionary<string, object?> Variables { get; } = new(StringComparer.Ordinal);
}

/// <summary>How deep lists and dictionaries are nested.</summary>
internal static class Nestings
{
    /// <summary>One more than the deepest item's.</summary>
    /// <exception cref="JinjaException">It is too deep.</exception>
    public static int Around(IEnumerable<object?> items)
    {
        int deepest = 0;
        foreach (object? item in items)
        {
            int nesting = item is JinjaList list ? list.Nesting : item is JinjaDict dict ? dict.Nesting : 0;
            deepest = Math.Max(deepest, nesting);
        }

        return deepest < JinjaRun.MaxNesting
            ? deepest + 1
            : throw new JinjaException($"more than {JinjaRun.MaxNesting} lists inside each other");
    }
}
