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
/// Short texts are searched for the best pair again and again. For longer ones, n log n: a queue of candidate pairs over
/// a linked list; a candidate that was overtaken stays queued and is known by its length, since what begins at a symbol
/// only ever grows. Source: arXiv:1508.07909.
/// </remarks>
internal sealed class SymbolMerger
{
    private const int MaxSearched = 32;
    private readonly List<Symbol> _symbols = [];
    private readonly Candidate?[] _candidates = new Candidate?[MaxSearched];
    private PriorityQueue<Candidate, ulong>? _queue;

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

    private static void TakeIn(Span<Symbol> symbols, int index, int id)
    {
        ref Symbol left = ref symbols[index];
        ref Symbol right = ref symbols[left.Next];
        left.Length += right.Length;
        left.Id = id;
        left.Next = right.Next;
        right.Length = 0;
        if (left.Next >= 0)
        {
            symbols[left.Next].Previous = index;
        }
    }

    private static Candidate? Propose<TRule>(ReadOnlySpan<Symbol> symbols, int index, TRule rule)
        where TRule : IMergeRule
    {
        if (index < 0 || symbols[index].Next < 0)
        {
            return null;
        }

        ref readonly Symbol left = ref symbols[index];
        ref readonly Symbol right = ref symbols[left.Next];
        return rule.TryMerge(in left, in right, out uint order, out int id)
            ? new(index, left.Length + right.Length, id, ((ulong)order << 32) | (uint)index)
            : null;
    }

    private void MergeBySearch<TRule>(Span<Symbol> symbols, TRule rule)
        where TRule : IMergeRule
    {
        for (int index = 0; index < symbols.Length; index++)
        {
            _candidates[index] = Propose(symbols, index, rule);
        }

        while (FindBest(symbols) is { } best)
        {
            TakeIn(symbols, best.Left, best.Id);
            _candidates[best.Left] = Propose(symbols, best.Left, rule);
            int previous = symbols[best.Left].Previous;
            if (previous >= 0)
            {
                _candidates[previous] = Propose(symbols, previous, rule);
            }
        }
    }

    private Candidate? FindBest(ReadOnlySpan<Symbol> symbols)
    {
        Candidate? best = null;
        for (int index = symbols.IsEmpty ? -1 : 0; index >= 0; index = symbols[index].Next)
        {
            if (_candidates[index] is { } candidate && (best is null || candidate.Order < best.Value.Order))
            {
                best = candidate;
            }
        }

        return best;
    }

    private void MergeByQueue<TRule>(Span<Symbol> symbols, TRule rule)
        where TRule : IMergeRule
    {
        _queue ??= new();
        for (int index = 0; index < symbols.Length; index++)
        {
            Enqueue(Propose(symbols, index, rule));
        }

        while (_queue.TryDequeue(out Candidate candidate, out _))
        {
            ref Symbol left = ref symbols[candidate.Left];
            if (left.Length == 0 || left.Next < 0 || left.Length + symbols[left.Next].Length != candidate.Length)
            {
                continue;
            }

            TakeIn(symbols, candidate.Left, candidate.Id);
            Enqueue(Propose(symbols, left.Previous, rule));
            Enqueue(Propose(symbols, candidate.Left, rule));
        }
    }

    private void Enqueue(Candidate? candidate)
    {
        if (candidate is { } found)
        {
            _queue!.Enqueue(found, found.Order);
        }
    }

    private readonly record struct Candidate(int Left, int Length, int Id, ulong Order);
}
