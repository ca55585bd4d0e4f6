namespace Chaku.Model.Generation;

/// <summary>Lets text through up to the first stop string, and holds back what may yet become one.</summary>
/// <param name="stopStrings">None of them empty.</param>
/// <remarks>
/// Of stop strings that overlap, the one that is complete first counts, however the text is cut into pieces.
/// </remarks>
internal sealed class StopScanner(IReadOnlyList<string> stopStrings)
{
    private string _held = "";

    /// <summary>Whether a stop string has come; nothing is let through after it.</summary>
    public bool HasStopped { get; private set; }

    /// <summary>The text that is certain with this piece.</summary>
    public string Append(string piece)
    {
        if (HasStopped)
        {
            return "";
        }

        if (stopStrings.Count == 0 || piece.Length == 0)
        {
            return piece;
        }

        string text = _held + piece;
        int end = int.MaxValue;
        int start = -1;
        foreach (string stop in stopStrings)
        {
            int found = text.IndexOf(stop, StringComparison.Ordinal);
            if (found >= 0 && (found + stop.Length, found).CompareTo((end, start)) < 0)
            {
                (end, start) = (found + stop.Length, found);
            }
        }

        HasStopped = start >= 0;
        int certain = HasStopped ? start : text.Length - HeldLength(text);
        _held = HasStopped ? "" : text[certain..];
        return text[..certain];
    }

    /// <summary>The text that was held back, when nothing more comes.</summary>
    public string Flush()
    {
        string held = _held;
        _held = "";
        return held;
    }

    /// <summary>The longest end of a text with which a stop string begins.</summary>
    private int HeldLength(string text)
    {
        int longest = 0;
        foreach (string stop in stopStrings)
        {
            for (int length = Math.Min(stop.Length - 1, text.Length); length > longest; length--)
            {
                if (text.AsSpan(text.Length - length).SequenceEqual(stop.AsSpan(0, length)))
                {
                    longest = length;
                }
            }
        }

        return longest;
    }
}
