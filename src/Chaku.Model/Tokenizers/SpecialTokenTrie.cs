using System.Buffers;

namespace Chaku.Model.Tokenizers;

/// <summary>Finds tokens whose spelling stands for them: the leftmost, and of those the longest.</summary>
internal sealed class SpecialTokenTrie
{
    /// <summary>More than any real one; it bounds the work per byte of text.</summary>
    private const int MaxSpellingLength = 1024;

    private readonly Dictionary<long, int> _children = [];
    private readonly List<int> _idAtNode = [-1];
    private readonly SearchValues<byte> _firstBytes;

    /// <summary>Builds the trie.</summary>
    /// <param name="vocabulary">Named where a token is refused.</param>
    /// <param name="tokens">Spellings and the tokens they stand for; the first of two alike counts.</param>
    /// <exception cref="ModelFormatException">A token is longer than 1,024 bytes.</exception>
    public SpecialTokenTrie(Vocabulary vocabulary, IEnumerable<(byte[] Spelling, int Id)> tokens)
    {
        HashSet<byte> firstBytes = [];
        foreach ((byte[] spelling, int id) in tokens)
        {
            if (spelling.Length > MaxSpellingLength)
            {
                throw vocabulary.Refuse(
                    $"at most {MaxSpellingLength} bytes in the special token {id}", $"{spelling.Length}");
            }

            if (spelling.Length > 0)
            {
                Insert(spelling, id);
                _ = firstBytes.Add(spelling[0]);
            }
        }

        _firstBytes = SearchValues.Create([.. firstBytes]);
    }

    /// <summary>Finds the first token in the text.</summary>
    /// <returns>Where it begins, or −1.</returns>
    public int Find(ReadOnlySpan<byte> text, out int id, out int length)
    {
        int start = 0;
        while (start < text.Length)
        {
            int skipped = text[start..].IndexOfAny(_firstBytes);
            if (skipped < 0)
            {
                break;
            }

            start += skipped;
            if (TryMatch(text[start..], out id, out length))
            {
                return start;
            }

            start++;
        }

        id = -1;
        length = 0;
        return -1;
    }

    private static long Edge(int node, byte letter) => ((long)node << 8) | letter;

    private bool TryMatch(ReadOnlySpan<byte> text, out int id, out int length)
    {
        id = -1;
        length = 0;
        int node = 0;
        for (int depth = 0; depth < text.Length && _children.TryGetValue(Edge(node, text[depth]), out node); depth++)
        {
            if (_idAtNode[node] >= 0)
            {
                id = _idAtNode[node];
                length = depth + 1;
            }
        }

        return id >= 0;
    }

    private void Insert(ReadOnlySpan<byte> spelling, int id)
    {
        int node = 0;
        foreach (byte letter in spelling)
        {
            if (!_children.TryGetValue(Edge(node, letter), out int child))
            {
                child = _idAtNode.Count;
                _idAtNode.Add(-1);
                _children.Add(Edge(node, letter), child);
            }

            node = child;
        }

        if (_idAtNode[node] < 0)
        {
            _idAtNode[node] = id;
        }
    }
}
