using System.Globalization;

namespace Chaku.Model.Templates.Jinja;

/// <summary>What a template did that it may not; the line is added where it is known.</summary>
/// <param name="reason">One line.</param>
/// <param name="isRaised">Whether the template itself said so (<c>raise_exception</c>).</param>
internal sealed class JinjaException(string reason, bool isRaised = false) : Exception(reason)
{
    /// <summary>Whether the template itself said so.</summary>
    public bool IsRaised => isRaised;
}

/// <summary>One rendering: how much it has done so far, and how much it may.</summary>
/// <remarks>
/// Work is counted, not timed, so that the same template is refused on every machine or on none. The bounds leave a
/// conversation of ten thousand messages room, and end an endless loop within a fraction of a second.
/// </remarks>
/// <param name="clock">What time it is.</param>
internal sealed class JinjaRun(TimeProvider clock)
{
    /// <summary>
    /// Steps of a rendering: an expression evaluated, a statement executed, an item or 32 characters made.
    /// </summary>
    public const int MaxWork = 1_000_000;

    /// <summary>Expressions, statements and macros inside each other.</summary>
    public const int MaxDepth = 800;

    /// <summary>Lists inside each other.</summary>
    public const int MaxNesting = 200;

    /// <summary>Characters (UTF-16 units) of a text, the rendered one too.</summary>
    public const int MaxTextLength = 1 << 23;

    /// <summary>Items of a list.</summary>
    public const int MaxItems = 1 << 20;

    /// <summary>Numbers of a <c>range</c>; Jinja2's sandbox has the same.</summary>
    public const int MaxRange = 100_000;

    private const int CharactersPerStep = 32;

    private long _work;
    private int _depth;

    /// <summary>What time it is.</summary>
    public TimeProvider Clock => clock;

    /// <summary>The line of the template that is being rendered.</summary>
    public int Line { get; private set; } = 1;

    /// <summary>Begins an expression or a statement.</summary>
    /// <returns>The line before, for <see cref="Leave"/>.</returns>
    public int Enter(int line)
    {
        int before = Line;
        Line = line;
        Charge(1);
        if (++_depth > MaxDepth)
        {
            throw new JinjaException($"more than {MaxDepth} expressions and macros inside each other");
        }

        return before;
    }

    /// <summary>Ends it.</summary>
    public void Leave(int before)
    {
        Line = before;
        _depth--;
    }

    /// <summary>Counts work.</summary>
    /// <exception cref="JinjaException">It is more than a rendering may do.</exception>
    public void Charge(long steps)
    {
        _work += steps;
        if (_work > MaxWork)
        {
            throw new JinjaException(string.Create(
                CultureInfo.InvariantCulture, $"more than {MaxWork:N0} steps: it may never end"));
        }
    }

    /// <summary>Counts work on characters.</summary>
    public void ChargeText(long length) => Charge((length / CharactersPerStep) + 1);

    /// <summary>Refuses a text that is too long.</summary>
    public static void CheckTextLength(long length)
    {
        if (length > MaxTextLength)
        {
            throw new JinjaException(string.Create(
                CultureInfo.InvariantCulture, $"more than {MaxTextLength:N0} characters"));
        }
    }

    /// <summary>Counts the items of a new list.</summary>
    public void ChargeItems(long count)
    {
        if (count > MaxItems)
        {
            throw new JinjaException(string.Create(
                CultureInfo.InvariantCulture, $"a list of {count:N0} items, more than {MaxItems:N0}"));
        }

        Charge(count);
    }
}
