namespace Chaku.Model.Tokenizers.Patterns;

/// <summary>
/// A set of code points: a range, or whatever a function says, kept in pages that fill as they are asked.
/// </summary>
/// <remarks>Safe to share between threads: a page is computed whole and then published.</remarks>
internal sealed class CodePointSet
{
    private const int PageBits = 8;
    private const int PlaneBits = 16;
    private const int PagesPerPlane = 1 << (PlaneBits - PageBits);
    private const int WordsPerPage = (1 << PageBits) / 64;
    private readonly Func<int, bool>? _contains;
    private readonly int _first;
    private readonly int _last = -1;
    private readonly ulong _lowAscii;
    private readonly ulong _highAscii;
    private ulong[]?[]?[]? _planes;

    /// <summary>The code points for which <paramref name="contains"/> says so; it must always say the same.</summary>
    public CodePointSet(Func<int, bool> contains)
    {
        _contains = contains;
        ulong[] first = MakePage(0, contains);
        _lowAscii = first[0];
        _highAscii = first[1];
    }

    /// <summary>The code points from <paramref name="first"/> to <paramref name="last"/>.</summary>
    public CodePointSet(int first, int last)
    {
        (_first, _last) = (first, last);
        for (int codePoint = first; codePoint <= Math.Min(last, 0x7F); codePoint++)
        {
            _lowAscii |= codePoint < 64 ? 1UL << codePoint : 0;
            _highAscii |= codePoint < 64 ? 0 : 1UL << (codePoint - 64);
        }
    }

    /// <summary>Whether the code point is in it.</summary>
    public bool Contains(int codePoint) => codePoint < 0x80
        ? ((codePoint < 64 ? _lowAscii : _highAscii) >> (codePoint & 63) & 1) != 0
        : ContainsBeyondAscii(codePoint);

    private static ulong[] MakePage(int page, Func<int, bool> contains)
    {
        ulong[] words = new ulong[WordsPerPage];
        for (int index = 0; index < 1 << PageBits; index++)
        {
            if (contains((page << PageBits) + index))
            {
                words[index >> 6] |= 1UL << (index & 63);
            }
        }

        return words;
    }

    private bool ContainsBeyondAscii(int codePoint)
    {
        if (_contains is null)
        {
            return codePoint >= _first && codePoint <= _last;
        }

        ulong[]?[]?[] planes = _planes ??= new ulong[]?[]?[CodePoints.Count >> PlaneBits];
        ulong[]?[] pages = planes[codePoint >> PlaneBits] ??= new ulong[]?[PagesPerPlane];
        int page = codePoint >> PageBits;
        ulong[] words = pages[page % PagesPerPlane] ??= MakePage(page, _contains);
        return (words[(codePoint >> 6) & (WordsPerPage - 1)] >> (codePoint & 63) & 1) != 0;
    }
}
