namespace Chaku.Model.Templates.Jinja;

/// <summary>Text that knows of every character where it comes from.</summary>
/// <remarks>
/// Kept as runs of one origin. Equality is the text's alone: a template compares words, not their origin.
/// </remarks>
internal sealed class MarkedText : IEquatable<MarkedText>
{
    /// <summary>No text.</summary>
    public static readonly MarkedText Empty = new("", []);

    private readonly Run[] _runs;
    private int[]? _starts;

    /// <summary>Joins text and runs that cover it.</summary>
    public MarkedText(string text, Run[] runs)
    {
        Text = text;
        _runs = runs;
    }

    /// <summary>A stretch of one origin.</summary>
    /// <param name="End">The index behind its last character.</param>
    /// <param name="Origin">Where it comes from.</param>
    internal readonly record struct Run(int End, Origin Origin);

    /// <summary>The characters.</summary>
    public string Text { get; }

    /// <summary>The stretches, in order, each up to where the next begins.</summary>
    public IReadOnlyList<Run> Runs => _runs;

    /// <summary>UTF-16 units.</summary>
    public int Length => Text.Length;

    /// <summary>Unicode code points: what Python counts.</summary>
    public int CodePointCount => Starts.Length;

    // The index of each code point; computed once, as templates index and slice the same text in loops.
    private int[] Starts => _starts ??= FindStarts(Text);

    /// <summary>Text of one origin.</summary>
    public static MarkedText Of(string text, Origin origin) =>
        text.Length == 0 ? Empty : new(text, [new(text.Length, origin)]);

    /// <summary>The template's own words.</summary>
    public static MarkedText Of(string text) => Of(text, Origin.Template);

    /// <summary>A part, in UTF-16 units.</summary>
    public MarkedText Slice(int start, int length)
    {
        if (length == Length)
        {
            return this;
        }

        if (length <= 0)
        {
            return Empty;
        }

        List<Run> runs = [];
        for (int index = IndexOfRun(start), end = 0; end < length; index++)
        {
            end = Math.Min(length, _runs[index].End - start);
            runs.Add(new(end, _runs[index].Origin));
        }

        return new(Text.Substring(start, length), [.. runs]);
    }

    /// <summary>The rest from an index, in UTF-16 units.</summary>
    public MarkedText From(int start) => Slice(start, Length - start);

    /// <summary>One code point.</summary>
    public MarkedText CodePoint(int index) => CodePoints(index, 1);

    /// <summary>A part, in code points.</summary>
    public MarkedText CodePoints(int start, int count)
    {
        if (count <= 0)
        {
            return Empty;
        }

        int first = Starts[start];
        int end = start + count == Starts.Length ? Length : Starts[start + count];
        return Slice(first, end - first);
    }

    /// <summary>How many code points begin before an index in UTF-16 units.</summary>
    public int ToCodePoint(int unit)
    {
        int found = Array.BinarySearch(Starts, unit);
        return found >= 0 ? found : ~found;
    }

    /// <summary>The index in UTF-16 units of a code point, or the length behind the last.</summary>
    public int ToUnit(int codePoint) => codePoint >= Starts.Length ? Length : Starts[codePoint];

    /// <summary>Where the character at an index comes from.</summary>
    public Origin OriginAt(int index) => _runs[IndexOfRun(index)].Origin;

    /// <summary>Other characters, as many and from the same places.</summary>
    /// <exception cref="ArgumentException">There are more, or fewer.</exception>
    public MarkedText With(string text) => text.Length == Length
        ? new(text, _runs)
        : throw new ArgumentException($"expected {Length} characters, got {text.Length}");

    /// <summary>The same characters, said by the model.</summary>
    public MarkedText AsGenerated() =>
        new(Text, [.. _runs.Select(run => run with { Origin = run.Origin with { IsGenerated = true } })]);

    /// <inheritdoc/>
    public bool Equals(MarkedText? other) => other is not null && Text == other.Text;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as MarkedText);

    /// <inheritdoc/>
    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static int[] FindStarts(string text)
    {
        List<int> starts = new(text.Length);
        for (int index = 0; index < text.Length; index += char.IsSurrogatePair(text, index) ? 2 : 1)
        {
            starts.Add(index);
        }

        return [.. starts];
    }

    private int IndexOfRun(int unit)
    {
        int low = 0;
        for (int high = _runs.Length - 1; low < high;)
        {
            int middle = (low + high) / 2;
            if (_runs[middle].End <= unit)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
