namespace Chaku.Model.Templates.Jinja;

/// <summary>Truth, equality and order, as Python has them.</summary>
internal static class Comparison
{
    /// <summary>Whether a value counts as true.</summary>
    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool truth => truth,
        long number => number != 0,
        double number => number != 0,
        MarkedText text => text.Length > 0,
        JinjaList list => list.Kind == SequenceKind.Iterator || list.Items.Count > 0,
        JinjaDict dict => dict.Entries.Count > 0,
        _ => true,
    };

    /// <summary>Whether two values are equal; values of different kinds are not, numbers apart.</summary>
    public static bool AreEqual(JinjaRun run, object? left, object? right)
    {
        run.Charge(1);
        switch (left, right)
        {
            case (MarkedText one, MarkedText other):
                run.ChargeText(one.Length);
                return one.Equals(other);
            case (JinjaList one, JinjaList other):
                return one.Kind == other.Kind && AreEqual(run, one.Items, other.Items);
            case (JinjaDict one, JinjaDict other):
                return one.Entries.Count == other.Entries.Count && one.Entries.All(
                    entry => other.TryGet(entry.Key, out object? value) && AreEqual(run, entry.Value, value));
            case (Undefined, Undefined) or (null, null):
                return true;
            default:
                return Arithmetic.TryCompareNumbers(left, right, out int order) ? order == 0 : left == right;
        }
    }

    /// <summary>Negative, 0 or positive as the left comes before, with or after the right.</summary>
    /// <exception cref="JinjaException">The two have no order.</exception>
    public static int Order(JinjaRun run, object? left, object? right)
    {
        run.Charge(1);
        switch (left, right)
        {
            case (Undefined missing, _):
                throw missing.Refuse();
            case (_, Undefined missing):
                throw missing.Refuse();
            case (MarkedText one, MarkedText other):
                run.ChargeText(Math.Min(one.Length, other.Length));
                return OrderText(one.Text, other.Text);
            case (JinjaList { IsIndexed: true } one, JinjaList { IsIndexed: true } other) when one.Kind == other.Kind:
                return OrderItems(run, one.Items, other.Items);
            default:
                return Arithmetic.TryCompareNumbers(left, right, out int order)
                    ? order
                    : throw new JinjaException(
                        $"a {Display.TypeName(left)} and a {Display.TypeName(right)} have no order");
        }
    }

    /// <summary>Whether a value is in another.</summary>
    public static bool Contains(JinjaRun run, object? container, object? value)
    {
        switch (container)
        {
            case MarkedText text:
                run.ChargeText(text.Length);
                return value is MarkedText part
                    ? text.Text.Contains(part.Text, StringComparison.Ordinal)
                    : throw new JinjaException($"only text can be in text, not a {Display.TypeName(value)}");
            case JinjaDict dict:
                return dict.TryGet(value, out _);
            default:
                return Iteration.Items(run, container).Any(item => AreEqual(run, item, value));
        }
    }

    private static bool AreEqual(JinjaRun run, IReadOnlyList<object?> left, IReadOnlyList<object?> right)
    {
        bool isEqual = left.Count == right.Count;
        for (int index = 0; isEqual && index < left.Count; index++)
        {
            isEqual = AreEqual(run, left[index], right[index]);
        }

        return isEqual;
    }

    // By code points: UTF-16 puts those beyond the first 65,536 before U+E000.
    private static int OrderText(string left, string right)
    {
        int same = left.AsSpan().CommonPrefixLength(right);
        if (same == left.Length || same == right.Length)
        {
            return left.Length.CompareTo(right.Length);
        }

        bool isLeftHigh = char.IsSurrogate(left[same]);
        bool isRightHigh = char.IsSurrogate(right[same]);
        return isLeftHigh != isRightHigh ? (isLeftHigh ? 1 : -1) : left[same].CompareTo(right[same]);
    }

    private static int OrderItems(JinjaRun run, IReadOnlyList<object?> left, IReadOnlyList<object?> right)
    {
        for (int index = 0; index < Math.Min(left.Count, right.Count); index++)
        {
            if (!AreEqual(run, left[index], right[index]))
            {
                return Order(run, left[index], right[index]);
            }
        }

        return left.Count.CompareTo(right.Count);
    }
}
