using System.Runtime.InteropServices;
using Chaku.Kernels.Cache;
using Chaku.Kernels.Memory;

namespace Chaku.Model.Cache;

/// <summary>One sequence's tokens and the pages that hold their keys and values.</summary>
internal sealed class KvSequence : IDisposable
{
    private const int FirstPages = 8;

    private readonly KvCache _cache;
    private readonly List<int> _tokens = [];
    private readonly List<KvPage> _pages = [];
    private NativeBuffer[] _buffers = [];
    private int _completePageCount;
    private bool _isDisposed;

    internal KvSequence(KvCache cache, object? adapter)
    {
        _cache = cache;
        Adapter = adapter;
    }

    /// <summary>The adapter that the tokens went through; null for none.</summary>
    public object? Adapter { get; }

    /// <summary>Positions whose keys and values are in the cache.</summary>
    public int Length => _tokens.Count;

    /// <summary>The tokens at these positions.</summary>
    public IReadOnlyList<int> Tokens => _tokens;

    /// <summary>The pages' memory, from position 0 on; may have room behind it.</summary>
    public NativeBuffer[] Buffers => _buffers;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            for (int page = _pages.Count - 1; page >= 0; page--)
            {
                _cache.Release(_pages[page]);
            }
        }
    }

    /// <summary>Makes room for more positions.</summary>
    /// <exception cref="InvalidOperationException">The cache is full.</exception>
    internal void Reserve(int count)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        int needed = (Length + count + KvLayout.PageLength - 1) / KvLayout.PageLength;
        if (needed <= _pages.Count)
        {
            return;
        }

        while (_pages.Count < needed)
        {
            Add(_cache.Take());
        }
    }

    /// <summary>Notes tokens whose keys and values have been written.</summary>
    internal void Append(ReadOnlySpan<int> tokens)
    {
        _tokens.AddRange(tokens);
        Span<int> all = CollectionsMarshal.AsSpan(_tokens);
        for (; (_completePageCount + 1) * KvLayout.PageLength <= Length; _completePageCount++)
        {
            KvPage? previous = _completePageCount == 0 ? null : _pages[_completePageCount - 1];
            Span<int> held = all.Slice(_completePageCount * KvLayout.PageLength, KvLayout.PageLength);
            _cache.Complete(_pages[_completePageCount], previous, Adapter, held);
        }
    }

    /// <summary>Goes on from a full page that another sequence wrote.</summary>
    internal void Share(KvPage page, ReadOnlySpan<int> tokens)
    {
        page.UserCount++;
        Add(page);
        _tokens.AddRange(tokens);
        _completePageCount++;
    }

    private void Add(KvPage page)
    {
        if (_pages.Count == _buffers.Length)
        {
            Array.Resize(ref _buffers, Math.Max(FirstPages, 2 * _buffers.Length));
        }

        _buffers[_pages.Count] = page.Buffer;
        _pages.Add(page);
    }
}
