using Chaku.Kernels.Cache;
using Chaku.Kernels.Memory;

namespace Chaku.Model.Cache;

/// <summary>
/// Pages of keys and values, shared between sequences that begin alike. A page that no sequence uses is kept for the
/// next one with the same beginning, until its memory is needed.
/// </summary>
/// <param name="layout">How a page is divided.</param>
/// <param name="pageCapacity">Pages held at most; pages in use are never given away.</param>
/// <param name="sharesPrefixes">
/// Whether full pages are kept for other sequences: not while an adapter is trained, whose keys change under the same
/// tokens.
/// </param>
internal sealed class KvCache(KvLayout layout, long pageCapacity, bool sharesPrefixes = true) : IDisposable
{
    private readonly Dictionary<KvPageKey, KvPage> _full = [];
    private readonly List<KvPage> _pages = [];
    private readonly Stack<KvPage> _free = [];
    private long _clock;

    /// <summary>How a page is divided.</summary>
    public KvLayout Layout => layout;

    /// <summary>Bytes that the pages take.</summary>
    public long ByteLength => _pages.Count * layout.PageByteLength;

    /// <summary>An empty sequence.</summary>
    /// <param name="adapter">The adapter that its tokens will go through; null for none.</param>
    public KvSequence Open(object? adapter = null) => new(this, adapter);

    /// <summary>
    /// A sequence that begins with the longest prefix of <paramref name="tokens"/> known, in whole pages.
    /// </summary>
    /// <param name="tokens">The tokens to come; the last one is always left to be computed.</param>
    /// <param name="adapter">The adapter that they go through; null for none.</param>
    public KvSequence Open(ReadOnlySpan<int> tokens, object? adapter)
    {
        KvSequence sequence = new(this, adapter);
        KvPage? previous = null;
        for (int start = 0; start + KvLayout.PageLength < tokens.Length; start += KvLayout.PageLength)
        {
            ReadOnlySpan<int> page = tokens.Slice(start, KvLayout.PageLength);
            if (!_full.TryGetValue(new KvPageKey(previous, adapter, page), out KvPage? known))
            {
                break;
            }

            sequence.Share(known, page);
            previous = known;
        }

        return sequence;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (KvPage page in _pages)
        {
            page.Buffer.Dispose();
        }
    }

    /// <summary>A page to write to.</summary>
    /// <exception cref="InvalidOperationException">All pages are in use.</exception>
    internal KvPage Take()
    {
        if (!_free.TryPop(out KvPage? page))
        {
            page = _pages.Count < pageCapacity ? Allocate() : Evict();
        }

        page.UserCount = 1;
        return page;
    }

    /// <summary>
    /// Notes what a page holds, so that later sequences find it. A page with the same content may be known.
    /// </summary>
    internal void Complete(KvPage page, KvPage? previous, object? adapter, ReadOnlySpan<int> tokens)
    {
        // A page behind one that nobody can find has no beginning to be known by: its key would come to stand for
        // another text once the page before it is written again.
        if (!sharesPrefixes || previous is { Key: null })
        {
            return;
        }

        KvPageKey key = new(previous, adapter, tokens);
        if (_full.TryAdd(key, page))
        {
            page.Key = key;
        }
    }

    /// <summary>One sequence fewer uses the page.</summary>
    internal void Release(KvPage page)
    {
        page.LastUse = ++_clock;
        if (--page.UserCount == 0 && page.Key is null)
        {
            _free.Push(page);
        }
    }

    private KvPage Allocate()
    {
        KvPage page = new(new NativeBuffer(layout.PageByteLength));
        _pages.Add(page);
        return page;
    }

    private KvPage Evict()
    {
        // Pages of one sequence are released in descending order, and a known page's predecessor is known and used at
        // least as long: the oldest unused one has no known page behind it.
        KvPage? oldest = null;
        foreach (KvPage page in _pages)
        {
            if (page.UserCount == 0 && page.Key is not null && (oldest is null || page.LastUse < oldest.LastUse))
            {
                oldest = page;
            }
        }

        if (oldest is null)
        {
            throw new InvalidOperationException(
                $"all {pageCapacity} pages of {KvLayout.PageLength} positions in the cache are in use");
        }

        _full.Remove(oldest.Key!);
        oldest.Key = null;
        return oldest;
    }
}
