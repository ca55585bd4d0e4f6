using System.Runtime.InteropServices;
using System.Text;
using Chaku.Model.Tokenizers.Patterns;

namespace Chaku.Model.Tokenizers;

/// <summary>Cuts text that comes in spans at the tokens whose spelling is in it.</summary>
/// <param name="vocabulary">Says how each token is found.</param>
/// <param name="onText">Called with each stretch of text that has no token in it; never with an empty one.</param>
/// <param name="onToken">Called with each token.</param>
internal sealed class TokenCutter(Vocabulary vocabulary, Action<ReadOnlySpan<byte>> onText, Action<int> onToken)
{
    private readonly List<byte> _run = [];
    private bool _stripsNext;

    /// <summary>Goes on with more text. No token is found across the borders of two calls.</summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="trie">The tokens.</param>
    public void Add(ReadOnlySpan<byte> text, SpecialTokenTrie trie)
    {
        int position = 0;
        Strip(text, ref position);
        for (int start; (start = trie.Find(text[position..], out int id, out int length)) >= 0;)
        {
            start += position;
            TokenMatching matching = vocabulary.MatchingOf(id);
            if (matching.HasFlag(TokenMatching.WholeWord) && IsInsideWord(text, start, start + length))
            {
                _run.AddRange(text[position..(start + length)]);
                position = start + length;
                continue;
            }

            _run.AddRange(text[position..start]);
            if (matching.HasFlag(TokenMatching.StripLeft))
            {
                StripRun();
            }

            Flush();
            onToken(id);
            position = start + length;
            _stripsNext = matching.HasFlag(TokenMatching.StripRight);
            Strip(text, ref position);
        }

        _run.AddRange(text[position..]);
    }

    /// <summary>Ends the text.</summary>
    public void Flush()
    {
        if (_run.Count > 0)
        {
            onText(CollectionsMarshal.AsSpan(_run));
            _run.Clear();
        }
    }

    private static bool IsSpaceAt(ReadOnlySpan<byte> text, out int length)
    {
        _ = Rune.DecodeFromUtf8(text, out Rune letter, out length);
        return Rune.IsWhiteSpace(letter);
    }

    private void Strip(ReadOnlySpan<byte> text, ref int position)
    {
        while (_stripsNext && position < text.Length)
        {
            _stripsNext = IsSpaceAt(text[position..], out int length);
            position += _stripsNext ? length : 0;
        }
    }

    private void StripRun()
    {
        while (_run.Count > 0)
        {
            _ = Rune.DecodeLastFromUtf8(CollectionsMarshal.AsSpan(_run), out Rune letter, out int length);
            if (!Rune.IsWhiteSpace(letter))
            {
                break;
            }

            _run.RemoveRange(_run.Count - length, length);
        }
    }

    private bool IsInsideWord(ReadOnlySpan<byte> text, int start, int end)
    {
        ReadOnlySpan<byte> before = start > 0 ? text[..start] : CollectionsMarshal.AsSpan(_run);
        if (!before.IsEmpty)
        {
            _ = Rune.DecodeLastFromUtf8(before, out Rune letter, out _);
            if (CodePoints.IsWord(letter.Value))
            {
                return true;
            }
        }

        if (end == text.Length)
        {
            return false;
        }

        _ = Rune.DecodeFromUtf8(text[end..], out Rune next, out _);
        return CodePoints.IsWord(next.Value);
    }
}
