using System.Runtime.InteropServices;
using Chaku.Kernels.Memory;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Cache;

/// <summary>Part of a batch that belongs to one sequence: its rows in the batch, and its place in the cache.</summary>
/// <param name="Pages">The sequence's pages, from position 0 on.</param>
/// <param name="Start">Absolute position of the first row.</param>
/// <param name="FirstRow">Its first row in the batch.</param>
/// <param name="RowCount">Its rows.</param>
internal readonly record struct KvSpan(NativeBuffer[] Pages, int Start, int FirstRow, int RowCount)
{
    /// <summary>Rounds new keys and values into their pages.</summary>
    /// <param name="pool">Threads, of which many rows need more than one.</param>
    /// <param name="layout">The pages' layout.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="keys">[batch rows, KV heads, head size].</param>
    /// <param name="values">Likewise.</param>
    public void Write(
        ComputePool pool, KvLayout layout, int layer, ReadOnlySpan<float> keys, ReadOnlySpan<float> values)
    {
        WriteWork work = new(this, layout, layer, keys, values);
        if (RowCount > 1)
        {
            pool.Run(layout.KvHeadCount, ref work);
            return;
        }

        for (int head = 0; head < layout.KvHeadCount; head++)
        {
            work.Write(head);
        }
    }

    /// <summary>
    /// Has a part of one head's keys and values of a page brought from memory: pages lie apart, where the processor
    /// does not look ahead by itself. Nothing happens behind the last position.
    /// </summary>
    public void Fetch(KvLayout layout, int layer, int kvHead, int page, int part, int partCount)
    {
        if (page * KvLayout.PageLength >= Start + RowCount)
        {
            return;
        }

        int start = layout.TileByteLength * part / partCount;
        int length = (layout.TileByteLength * (part + 1) / partCount) - start;
        Span<byte> keys = Pages[page].Span<byte>(layout.KeyOffset(layer, kvHead) + start, length);
        Span<byte> values = Pages[page].Span<byte>(layout.ValueOffset(layer, kvHead) + start, length);
        CacheLines.Fetch(ref MemoryMarshal.GetReference(keys), 0, length);
        CacheLines.Fetch(ref MemoryMarshal.GetReference(values), 0, length);
    }

    /// <summary>One head's keys of one page, as float32 [head size, page length].</summary>
    public ReadOnlySpan<float> Keys(KvLayout layout, int layer, int kvHead, int page, Span<float> scratch) =>
        layout.Format.ReadKeys(Pages[page].Span<byte>(layout.KeyOffset(layer, kvHead), layout.TileByteLength), scratch);

    /// <summary>One head's values of one page, as float32 [page length, head size].</summary>
    public ReadOnlySpan<float> Values(KvLayout layout, int layer, int kvHead, int page, Span<float> scratch) =>
        layout.Format.ReadValues(
            Pages[page].Span<byte>(layout.ValueOffset(layer, kvHead), layout.TileByteLength), scratch);

    private readonly ref struct WriteWork(
        KvSpan span, KvLayout layout, int layer, ReadOnlySpan<float> keys, ReadOnlySpan<float> values) : IParallelWork
    {
        private readonly ReadOnlySpan<float> _keys = keys;
        private readonly ReadOnlySpan<float> _values = values;

        public void Execute(int index, Scratch scratch) => Write(index);

        public void Write(int head)
        {
            int width = layout.KvHeadCount * layout.HeadSize;
            for (int row = 0; row < span.RowCount; row++)
            {
                int position = span.Start + row;
                int place = position % KvLayout.PageLength;
                NativeBuffer page = span.Pages[position / KvLayout.PageLength];
                int source = ((span.FirstRow + row) * width) + (head * layout.HeadSize);
                Span<byte> keyTile = page.Span<byte>(layout.KeyOffset(layer, head), layout.TileByteLength);
                Span<byte> valueTile = page.Span<byte>(layout.ValueOffset(layer, head), layout.TileByteLength);
                layout.Format.WriteKey(_keys.Slice(source, layout.HeadSize), place, keyTile);
                layout.Format.WriteValue(_values.Slice(source, layout.HeadSize), place, valueTile);
            }
        }
    }
}
