namespace Chaku.Model.Templates.Jinja;

/// <summary>The operators, as Python has them, but for whole numbers of over 64 bits: those are refused.</summary>
internal static class Arithmetic
{
    /// <summary>An operator on two values.</summary>
    public delegate object? Operation(JinjaRun run, object? left, object? right);

    /// <summary>The operators by their sign.</summary>
    public static IReadOnlyDictionary<string, Operation> Operators { get; } = new Dictionary<string, Operation>
    {
        ["+"] = Add,
        ["-"] = static (_, left, right) => Numbers(
            "-", left, right, static (x, y) => checked(x - y), static (x, y) => x - y),
        ["*"] = Multiply,
        ["/"] = static (_, left, right) => Numbers("/", left, right, static (x, y) => (object)Divide(x, y), Divide),
        ["//"] = static (_, left, right) => Numbers(
            "//", left, right, FloorDivide, static (x, y) => Math.Floor(Divide(x, y))),
        ["%"] = Remainder,
        ["**"] = static (_, left, right) => Numbers(
            "**", left, right, static (x, y) => y < 0 ? (object)Math.Pow(x, y) : Power(x, y), Math.Pow),
        ["~"] = static (run, left, right) => new MarkedTextBuilder(run)
            .Append(Display.Text(run, left)).Append(Display.Text(run, right)).Build(),
    };

    /// <summary>The order of two numbers, if both are some; False is 0 and True is 1.</summary>
    public static bool TryCompareNumbers(object? left, object? right, out int order)
    {
        order = 0;
        if (TryInteger(left, out long one) && TryInteger(right, out long other))
        {
            order = one.CompareTo(other);
            return true;
        }

        if (!TryNumber(left, out double x) || !TryNumber(right, out double y))
        {
            return false;
        }

        // What is no number (NaN) is equal to nothing.
        order = x < y ? -1 : x == y ? 0 : 1;
        return true;
    }

    /// <summary>The whole number that a value is, if it is one.</summary>
    public static bool TryInteger(object? value, out long number)
    {
        number = value switch { long whole => whole, true => 1, _ => 0 };
        return value is long or bool;
    }

    /// <summary>The number that a value is, if it is one.</summary>
    public static bool TryNumber(object? value, out double number)
    {
        bool isWhole = TryInteger(value, out long whole);
        number = value is double real ? real : whole;
        return isWhole || value is double;
    }

    /// <summary><c>-value</c>.</summary>
    public static object? Negate(object? value) => value is double number
        ? -number
        : Numbers("-", 0L, value, static (x, y) => checked(x - y), static (x, y) => x - y);

    /// <summary>Adds numbers, and joins text to text, lists to lists.</summary>
    public static object? Add(JinjaRun run, object? left, object? right) => (left, right) switch
    {
        (MarkedText one, MarkedText other) => new MarkedTextBuilder(run).Append(one).Append(other).Build(),
        (JinjaList { IsLiteral: true } one, JinjaList other) when one.Kind == other.Kind =>
            new JinjaList(run, [.. one.Items, .. other.Items], one.Kind),
        _ => Numbers("+", left, right, static (x, y) => checked(x + y), static (x, y) => x + y),
    };

    private static object? Multiply(JinjaRun run, object? left, object? right)
    {
        switch (left, right)
        {
            case (MarkedText text, long or bool) when TryInteger(right, out long count):
                return new MarkedTextBuilder(run).Repeat(text, count).Build();
            case (long or bool, MarkedText) or (long or bool, JinjaList):
                return Multiply(run, right, left);
            case (JinjaList { IsLiteral: true } list, long or bool) when TryInteger(right, out long count):
                count = Math.Clamp(count, 0, JinjaRun.MaxItems + 1);
                run.ChargeItems(list.Items.Count * count);
                return new JinjaList(
                    run, [.. Enumerable.Range(0, (int)count).SelectMany(_ => list.Items)], list.Kind);
            default:
                return Numbers("*", left, right, static (x, y) => checked(x * y), static (x, y) => x * y);
        }
    }

    private static object? Remainder(JinjaRun run, object? left, object? right)
    {
        if (left is MarkedText format)
        {
            return PercentFormat.Apply(run, format, right);
        }

        return Numbers(
            "%",
            left,
            right,
            static (x, y) => y == 0 ? throw DivisionByZero() : y == -1 ? 0 : ((x % y) + y) % y,
            static (x, y) => y == 0 ? throw DivisionByZero() : x - (y * Math.Floor(x / y)));
    }

    private static object? Numbers(
        string sign,
        object? left,
        object? right,
        Func<long, long, object> whole,
        Func<double, double, double> real)
    {
        if (left is Undefined || right is Undefined)
        {
            throw (left as Undefined ?? (Undefined)right!).Refuse();
        }

        if (TryInteger(left, out long one) && TryInteger(right, out long other))
        {
            try
            {
                return whole(one, other);
            }
            catch (OverflowException)
            {
                throw new JinjaException($"{one} {sign} {other} has more than 64 bits");
            }
        }

        return TryNumber(left, out double x) && TryNumber(right, out double y)
            ? real(x, y)
            : throw new JinjaException(
                $"no {sign} between a {Display.TypeName(left)} and a {Display.TypeName(right)}");
    }

    private static object? Numbers(
        string sign,
        object? left,
        object? right,
        Func<long, long, long> whole,
        Func<double, double, double> real) =>
        Numbers(sign, left, right, (x, y) => (object)whole(x, y), real);

    private static double Divide(double x, double y) => y == 0 ? throw DivisionByZero() : x / y;

    private static long FloorDivide(long x, long y)
    {
        if (y == 0)
        {
            throw DivisionByZero();
        }

        long quotient = checked(x / y);
        return x % y != 0 && x < 0 != y < 0 ? quotient - 1 : quotient;
    }

    private static long Power(long x, long y)
    {
        long result = 1;
        for (long factor = x; y > 0;)
        {
            if ((y & 1) == 1)
            {
                result = checked(result * factor);
            }

            y >>= 1;
            factor = y > 0 ? checked(factor * factor) : factor;
        }

        return result;
    }

    private static JinjaException DivisionByZero() => new("a division by zero");
}
