using System.Runtime.CompilerServices;
using Chaku.Kernels.Memory;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Tests.Threading;

public sealed class ScratchTests
{
    [Fact]
    public void Pieces_are_apart_and_outlive_growth()
    {
        using Scratch scratch = new();
        for (int round = 0; round < 3; round++)
        {
            scratch.Reset();
            Span<float> a = scratch.Singles(10_000);
            a.Fill(1);
            Span<float> b = scratch.Singles(10_000);
            b.Fill(2);
            Span<float> c = scratch.Singles(1_000_000);
            c.Fill(3);
            Span<byte> d = scratch.Bytes(1);
            d.Fill(4);
            Assert.False(a.ContainsAnyExcept(1f));
            Assert.False(b.ContainsAnyExcept(2f));
            Assert.False(c.ContainsAnyExcept(3f));
        }
    }

    [Fact]
    public unsafe void Pieces_are_aligned()
    {
        using Scratch scratch = new();
        foreach (int count in new[] { 1, 0, 63, 64, 65, 100_000, 3 })
        {
            ref byte first = ref Unsafe.AsRef(in scratch.Bytes(count).GetPinnableReference());
            Assert.True(count == 0 || (nint)Unsafe.AsPointer(ref first) % NativeBuffer.Alignment == 0);
        }
    }

    [Fact]
    public void Memory_is_kept_from_item_to_item()
    {
        using Scratch scratch = new();
        scratch.Bytes(500_000);
        scratch.Reset();
        scratch.Bytes(500_000)[0] = 7;
        scratch.Reset();
        Assert.Equal(7, scratch.Bytes(500_000)[0]);
    }
}
