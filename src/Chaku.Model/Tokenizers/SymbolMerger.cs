using System.Runtime.InteropServices;

namespace Chaku.Model.Tokenizers;

/// <summary>A stretch of text that is one token so far, in a chain of its neighbours.</summary>
/// <param name="Start">Bytes from the text's start.</param>
/// <param name="Length">Bytes; 0 once the left neighbour has taken it in.</param>
/// <param name="Id">The token, or −1 for text that is none.</param>
internal record struct Symbol(int Start, int Length, int Id)
{
    /// <summary>The left neighbour's index, or −1.</summary>
    public int Previous { get; set; }

    /// <summary>The right neighbour's index, or −1.</summary>
    public int Next { get; set; }
}

/// <summary>Says which neighbours may become one token, and how urgently.</summary>
internal interface IMergeRule
{
    /// <summary>Looks up the pair.</summary>
    /// <param name="left">A symbol.</param>
    /// <param name="right">Its right neighbour.</param>
    /// <param name="order">The smallest of all pairs is merged first; of equal ones, the leftmost.</param>
    /// <param name="id">The token they make.</param>
    bool TryMerge(in Symbol left, in Symbol right, out uint order, out int id);
}

/// <summary>Byte-pair encoding: merges neighbours, the most urgent pair first, until none is left to merge.</summary>
/// <remarks>
/// Short texts are searched for the best pair again and again. For longer ones, n log n: a queue of pairs over a linked
/// list, in which a pair that was overtaken stays and is known by its order, which is no longer its left symbol's.
/// Source: arXiv:1508.07909.
/// </remarks>
internal sealed class SymbolMerger
{
    private const int MaxSearched = 32;
    private const ulong NoOrder = ulong.MaxValue;
    private readonly List<Symbol> _symbols = [];

    // The pair that begins at each symbol.
    private Pair[] _pairs = new Pair[MaxSearched];
    private PriorityQueue<int, ulong>? _queue;

    /// <summary>Begins a new text.</summary>
    public void Clear() => _symbols.Clear();

    /// <summary>Appends a symbol to the chain.</summary>
    public void Add(int start, int length, int id)
    {
        int index = _symbols.Count;
        if (index > 0)
        {
            CollectionsMarshal.AsSpan(_symbols)[index - 1].Next = index;
        }

        _symbols.Add(new Symbol(start, length, id) { Previous = index - 1, Next = -1 });
    }

    /// <summary>Merges all that the rule allows. The symbols that are left have a length; the others have 0.</summary>
    public ReadOnlySpan<Symbol> Merge<TRule>(TRule rule)
        where TRule : IMergeRule
    {
        Span<Symbol> symbols = CollectionsMarshal.AsSpan(_symbols);
        if (_pairs.Length < symbols.Length)
        {
            _pairs = new Pair[Math.Max(symbols.Length, 2 * _pairs.Length)];
        }

        for (int index = 0; index < symbols.Length; index++)
        {
            _pairs[index] = PairAt(symbols, index, rule);
        }

        if (symbols.Length <= MaxSearched)
        {
            MergeBySearch(symbols, rule);
        }
        else
        {
            MergeByQueue(symbols, rule);
        }

        return symbols;
    }

    private static Pair PairAt<TRule>(ReadOnlySpan<Symbol> symbols, int index, TRule rule)
        where TRule : IMergeRule
    {
        ref readonly Symbol left = ref symbols[index];
        return left.Next >= 0 && rule.TryMerge(in left, in symbols[left.Next], out uint order, out int id)
            ? new(((ulong)order << 32) | (uint)index, id)
            : new(NoOrder, -1);
    }

    private void MergeBySearch<TRule>(Span<Symbol> symbols, TRule rule)
        where TRule : IMergeRule
    {
        while (true)
        {
            int best = -1;
            ulong bestOrder = NoOrder;
            for (int index = symbols.IsEmpty ? -1 : 0; index >= 0; index = symbols[index].Next)
            {
                if (_pairs[index].Order < bestOrder)
                {
                    (best, bestOrder) = (index, _pairs[index].Order);
                }
            }

            if (best < 0)
            {
                return;
            }

            TakeIn(symbols, best, rule);
        }
    }

    private void MergeByQueue<TRule>(Span<Symbol> symbols, TRule rule)
        where TRule : IMergeRule
    {
        _queue ??= new();
        _queue.EnqueueRange(PairsToQueue(symbols.Length));
        while (_queue.TryDequeue(out int index, out ulong order))
        {
            if (_pairs[index].Order != order)
            {
                continue;
            }

            TakeIn(symbols, index, rule);
            Enqueue(index);
            Enqueue(symbols[index].Previous);
        }
    }

    private IEnumerable<(int Index, ulong Order)> PairsToQueue(int count)
    {
        for (int index = 0; index < count; index++)
        {
            if (_pairs[index].Order != NoOrder)
            {
                yield return (index, _pairs[index].Order);
            }
        }
    }

    private void Enqueue(int index)
    {
        if (index >= 0 && _pairs[index].Order != NoOrder)
        {
            _queue!.Enqueue(index, _pairs[index].Order);
        }
    }

    /// <summary>Merges the pair that begins at the index, and looks up the two that this makes.</summary>
    private void TakeIn<TRule>(Span<Symbol> symbols, int index, TRule rule)
        where TRule : IMergeRule
    {
        ref Symbol left = ref symbols[index];
        ref Symbol right = ref symbols[left.Next];
        _pairs[left.Next] = new(NoOrder, -1);
        left.Length += right.Length;
        left.Id = _pairs[index].Id;
        left.Next = right.Next;
        right.Length = 0;
        if (left.Next >= 0)
        {
            symbols[left.Next].Previous = index;
        }

        _pairs[index] = PairAt(symbols, index, rule);
        if (left.Previous >= 0)
        {
            _pairs[left.Previous] = PairAt(symbols, left.Previous, rule);
        }
    }

    /// <summary>What a pair becomes; the smallest order comes first, and is the leftmost of its urgency.</summary>
    private readonly record struct Pair(ulong Order, int Id);
}
