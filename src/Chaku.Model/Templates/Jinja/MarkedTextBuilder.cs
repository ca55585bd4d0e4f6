using System.Text;

namespace Chaku.Model.Templates.Jinja;

/// <summary>Puts text together, within the bounds of a rendering.</summary>
/// <param name="run">The rendering.</param>
internal sealed class MarkedTextBuilder(JinjaRun run)
{
    private readonly StringBuilder _text = new();
    private readonly List<MarkedText.Run> _runs = [];

    /// <summary>Whether nothing is in it.</summary>
    public bool IsEmpty => _text.Length == 0;

    /// <summary>Appends text.</summary>
    public MarkedTextBuilder Append(MarkedText text)
    {
        if (text.Length > 0)
        {
            int start = _text.Length;
            Grow(text.Length);
            _ = _text.Append(text.Text);
            foreach (MarkedText.Run stretch in text.Runs)
            {
                Extend(start + stretch.End, stretch.Origin);
            }
        }

        return this;
    }

    /// <summary>Appends a part of a text, in UTF-16 units.</summary>
    public MarkedTextBuilder Append(MarkedText text, int start, int length) => Append(text.Slice(start, length));

    /// <summary>Appends text of one origin.</summary>
    public MarkedTextBuilder Append(ReadOnlySpan<char> text, Origin origin)
    {
        if (text.Length > 0)
        {
            Grow(text.Length);
            _ = _text.Append(text);
            Extend(_text.Length, origin);
        }

        return this;
    }

    /// <summary>Appends the template's own words.</summary>
    public MarkedTextBuilder Append(string text) => Append(text, Origin.Template);

    /// <summary>Appends a character several times.</summary>
    public MarkedTextBuilder Append(char character, long count, Origin origin)
    {
        if (count > 0)
        {
            Grow(count);
            _ = _text.Append(character, (int)count);
            Extend(_text.Length, origin);
        }

        return this;
    }

    /// <summary>Appends a text several times.</summary>
    public MarkedTextBuilder Repeat(MarkedText text, long count)
    {
        // Checked as a whole first: a refusal takes no time.
        JinjaRun.CheckTextLength(_text.Length + (text.Length * Math.Clamp(count, 0, JinjaRun.MaxTextLength + 1L)));
        if (text.Runs.Count == 1 && count > 0)
        {
            Grow(text.Length * count);
            _ = _text.Insert(_text.Length, text.Text, (int)count);
            Extend(_text.Length, text.Runs[0].Origin);
            return this;
        }

        for (long time = 0; time < count && text.Length > 0; time++)
        {
            _ = Append(text);
        }

        return this;
    }

    /// <summary>What has been put together.</summary>
    public MarkedText Build() => new(_text.ToString(), [.. _runs]);

    private void Grow(long length)
    {
        JinjaRun.CheckTextLength(_text.Length + length);
        run.ChargeText(length);
    }

    private void Extend(int end, Origin origin)
    {
        if (_runs.Count > 0 && _runs[^1].Origin == origin)
        {
            _runs.RemoveAt(_runs.Count - 1);
        }

        _runs.Add(new(end, origin));
    }
}
