using System.Runtime.InteropServices;
using Chaku.Kernels.Cache;
using Chaku.Kernels.Memory;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Tests.Cache;

public sealed class KvLayoutTests
{
    [Theory]
    [InlineData(1, 1, 8)]
    [InlineData(3, 2, 20)]
    [InlineData(2, 5, 64)]
    public void Tiles_fill_a_page_and_do_not_overlap(int layers, int heads, int headSize)
    {
        foreach (KvFormat format in KvFormats.All)
        {
            int fitting = KvFormatsTests.Fit(format, headSize);
            KvLayout layout = new(layers, heads, fitting, format);
            IEnumerable<long> offsets =
                from layer in Enumerable.Range(0, layers)
                from head in Enumerable.Range(0, heads)
                from offset in new[] { layout.KeyOffset(layer, head), layout.ValueOffset(layer, head) }
                orderby offset
                select offset;
            Assert.Equal(64 * fitting / format.BlockLength * format.BlockByteLength, layout.TileByteLength);
            Assert.Equal(
                Enumerable.Range(0, 2 * layers * heads).Select(tile => (long)tile * layout.TileByteLength), offsets);
            Assert.Equal(2L * layers * heads * layout.TileByteLength, layout.PageByteLength);
        }
    }

    [Fact]
    public void Offsets_of_a_large_model_do_not_overflow()
    {
        KvLayout layout = new(layerCount: 200, kvHeadCount: 1000, headSize: 512, KvFormats.F32);
        Assert.Equal(200L * 2 * 1000 * 64 * 512 * 4, layout.PageByteLength);
        Assert.Equal(layout.PageByteLength - layout.TileByteLength, layout.ValueOffset(199, 999));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(63, 3)]
    [InlineData(64, 64)]
    [InlineData(130, 5)]
    public void Rows_are_written_to_their_positions_and_nowhere_else(int start, int count)
    {
        KvLayout layout = new(layerCount: 2, kvHeadCount: 3, headSize: 4, KvFormats.F32);
        NativeBuffer[] pages = [.. Enumerable.Range(0, 4).Select(_ => new NativeBuffer(layout.PageByteLength))];
        const int FirstRow = 2;
        float[] keys = [.. Enumerable.Range(1, (FirstRow + count) * 12).Select(value => (float)value)];
        float[] values = [.. keys.Select(key => -key)];
        using ComputePool pool = new(3);
        new KvSpan(pages, start, FirstRow, count).Write(pool, layout, layer: 1, keys, values);
        int written = 0;
        for (int row = 0; row < count; row++)
        {
            for (int head = 0; head < 3; head++)
            {
                int place = (start + row) % 64;
                int page = (start + row) / 64;
                KvSpan span = new(pages, start, FirstRow, count);
                float[] expected = keys[(((FirstRow + row) * 12) + (head * 4))..][..4];
                float[] columns = span.Keys(layout, 1, head, page, []).ToArray();
                Assert.Equal(expected, Enumerable.Range(0, 4).Select(i => columns[(i * 64) + place]));
                Assert.Equal(
                    expected.Select(key => -key),
                    span.Values(layout, 1, head, page, []).Slice(place * 4, 4).ToArray());
                written += 8;
            }
        }

        int filled = pages.Sum(page => MemoryMarshal.Cast<byte, float>(page.Span<byte>(0, (int)page.ByteLength))
            .ToArray().Count(value => value != 0));
        Assert.Equal(written, filled);
        Array.ForEach(pages, page => page.Dispose());
    }
}
