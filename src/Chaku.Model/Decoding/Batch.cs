using System.Runtime.InteropServices;
using Chaku.Kernels.Cache;
using Chaku.Kernels.Ops;
using Chaku.Model.Cache;

namespace Chaku.Model.Decoding;

/// <summary>Which rows of a segment the output head is asked for.</summary>
internal enum OutputRows
{
    /// <summary>None: the tokens only fill the cache.</summary>
    None,

    /// <summary>The last row.</summary>
    Last,

    /// <summary>Every row.</summary>
    All,
}

/// <summary>Segments of sequences that go through the decoder together. Reused: cleared, filled, passed on.</summary>
internal sealed class Batch
{
    private readonly List<int> _tokens = [];
    private readonly List<int> _positions = [];
    private readonly List<int> _outputRows = [];
    private readonly List<KvSequence> _sequences = [];
    private readonly List<KvSpan> _spans = [];
    private readonly List<AdapterRun> _runs = [];
    private readonly List<AdapterRun> _outputRuns = [];
    private readonly List<KvSpan> _outputSpans = [];

    /// <summary>Every segment's tokens in turn.</summary>
    public ReadOnlySpan<int> Tokens => CollectionsMarshal.AsSpan(_tokens);

    /// <summary>Their absolute positions.</summary>
    public ReadOnlySpan<int> Positions => CollectionsMarshal.AsSpan(_positions);

    /// <summary>Rows that the output head is asked for, ascending.</summary>
    public ReadOnlySpan<int> OutputRowNumbers => CollectionsMarshal.AsSpan(_outputRows);

    /// <summary>
    /// Whether so many rows are not asked for that the last layer leaves them out, but for their keys and values.
    /// </summary>
    public bool SkipsRows => _tokens.Count - _outputRows.Count >= Math.Max(2, _tokens.Count / 8);

    /// <summary>Each segment's place in the cache.</summary>
    public ReadOnlySpan<KvSpan> Spans => CollectionsMarshal.AsSpan(_spans);

    /// <summary>Neighbouring rows with the same adapter.</summary>
    public ReadOnlySpan<AdapterRun> Runs => CollectionsMarshal.AsSpan(_runs);

    /// <summary>Empties the batch.</summary>
    public void Clear()
    {
        _tokens.Clear();
        _positions.Clear();
        _outputRows.Clear();
        _sequences.Clear();
        _spans.Clear();
        _runs.Clear();
    }

    /// <summary>Adds tokens behind what a sequence holds.</summary>
    /// <param name="sequence">The sequence; at most once in a batch.</param>
    /// <param name="tokens">At least one token.</param>
    /// <param name="outputs">Rows that the output head is asked for.</param>
    /// <param name="dropout">On the adapter's inputs, while training.</param>
    public void Add(KvSequence sequence, ReadOnlySpan<int> tokens, OutputRows outputs, Dropout? dropout = null)
    {
        int firstRow = AddSegment(sequence, tokens, dropout);
        int firstOutput = outputs switch
        {
            OutputRows.None => tokens.Length,
            OutputRows.Last => tokens.Length - 1,
            _ => 0,
        };
        for (int row = firstOutput; row < tokens.Length; row++)
        {
            _outputRows.Add(firstRow + row);
        }
    }

    /// <summary>Adds tokens, and asks for some rows by number.</summary>
    /// <param name="sequence">The sequence; at most once in a batch.</param>
    /// <param name="tokens">At least one token.</param>
    /// <param name="outputRows">Rows of this segment, ascending.</param>
    /// <param name="dropout">On the adapter's inputs, while training.</param>
    public void Add(
        KvSequence sequence,
        ReadOnlySpan<int> tokens,
        ReadOnlySpan<int> outputRows,
        Dropout? dropout = null)
    {
        int firstRow = AddSegment(sequence, tokens, dropout);
        foreach (int row in outputRows)
        {
            _outputRows.Add(firstRow + row);
        }
    }

    /// <summary>
    /// Neighbouring asked-for rows with the same adapter; with dropout, neighbours in the batch as well.
    /// </summary>
    /// <param name="first">The first, counted in asked-for rows; the runs count from it.</param>
    /// <param name="count">How many.</param>
    /// <returns>Valid until the next call.</returns>
    internal ReadOnlySpan<AdapterRun> OutputRuns(int first, int count)
    {
        _outputRuns.Clear();
        int output = first;
        foreach (AdapterRun run in _runs)
        {
            while (output < first + count && _outputRows[output] < run.FirstRow + run.RowCount)
            {
                int start = output++;
                while (output < first + count && _outputRows[output] < run.FirstRow + run.RowCount
                    && (run.Dropout is null || _outputRows[output] == _outputRows[output - 1] + 1))
                {
                    output++;
                }

                _outputRuns.Add(run with
                {
                    FirstRow = start - first,
                    RowCount = output - start,
                    FirstNumber = _outputRows[start],
                });
            }
        }

        return CollectionsMarshal.AsSpan(_outputRuns);
    }

    /// <summary>Neighbouring asked-for rows of a sequence, with their places in the cache.</summary>
    /// <returns>Valid until the next call.</returns>
    internal ReadOnlySpan<KvSpan> OutputSpans()
    {
        _outputSpans.Clear();
        int output = 0;
        foreach (KvSpan span in _spans)
        {
            int end = span.FirstRow + span.RowCount;
            while (output < _outputRows.Count && _outputRows[output] < end)
            {
                int first = _outputRows[output++];
                int next = first + 1;
                for (; output < _outputRows.Count && _outputRows[output] == next && next < end; output++)
                {
                    next++;
                }

                int start = span.Start + first - span.FirstRow;
                _outputSpans.Add(span with { Start = start, FirstRow = first, RowCount = next - first });
            }
        }

        return CollectionsMarshal.AsSpan(_outputSpans);
    }

    /// <summary>Notes in every sequence that its tokens are in the cache.</summary>
    internal void Commit()
    {
        for (int i = 0; i < _sequences.Count; i++)
        {
            _sequences[i].Append(Tokens.Slice(_spans[i].FirstRow, _spans[i].RowCount));
        }
    }

    private int AddSegment(KvSequence sequence, ReadOnlySpan<int> tokens, Dropout? dropout)
    {
        ArgumentOutOfRangeException.ThrowIfZero(tokens.Length, nameof(tokens));
        if (_sequences.Contains(sequence))
        {
            throw new ArgumentException("a sequence can be in a batch once", nameof(sequence));
        }

        int firstRow = _tokens.Count;
        sequence.Reserve(tokens.Length);
        _sequences.Add(sequence);
        _spans.Add(new KvSpan(sequence.Buffers, sequence.Length, firstRow, tokens.Length));
        _tokens.AddRange(tokens);
        for (int i = 0; i < tokens.Length; i++)
        {
            _positions.Add(sequence.Length + i);
        }

        AddRun((BoundAdapter?)sequence.Adapter, firstRow, tokens.Length, dropout);
        return firstRow;
    }

    private void AddRun(BoundAdapter? adapter, int firstRow, int rowCount, Dropout? dropout)
    {
        if (_runs.Count > 0 && _runs[^1] is var last && last.Adapter == adapter && last.Dropout == dropout)
        {
            _runs[^1] = last with { RowCount = last.RowCount + rowCount };
            return;
        }

        _runs.Add(new AdapterRun(adapter, firstRow, rowCount, dropout, firstRow));
    }
}
