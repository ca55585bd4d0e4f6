using Chaku.Kernels.Memory;

namespace Chaku.Kernels.Tests.Memory;

public sealed class NativeBufferTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(100_003)]
    public unsafe void Memory_is_zeroed_and_aligned(int byteLength)
    {
        using NativeBuffer buffer = new(byteLength);
        Assert.Equal(byteLength, buffer.ByteLength);
        Assert.Equal(0, (nint)buffer.Pointer % NativeBuffer.Alignment);
        Assert.False(buffer.Span<byte>(0, byteLength).ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void A_view_holds_the_bytes_it_names()
    {
        using NativeBuffer buffer = new(40);
        buffer.Span<int>(0, 10)[7] = 0x01020304;
        Assert.Equal(0x01020304, buffer.Span<int>(7, 3)[0]);
        Assert.Equal([4, 3, 2, 1], buffer.Span<byte>(28, 4).ToArray());
        Assert.Equal(0, buffer.Span<int>(10, 0).Length);
    }

    [Theory]
    [InlineData(0, 11)]
    [InlineData(10, 1)]
    [InlineData(11, 0)]
    [InlineData(-1, 1)]
    [InlineData(-1, 5)]
    [InlineData(3, -1)]
    [InlineData(long.MaxValue, 1)]
    [InlineData(long.MaxValue / 4, 10)]
    [InlineData(long.MinValue, 1)]
    [InlineData(0, int.MaxValue)]
    public void A_view_that_leaves_the_buffer_is_refused(long start, int count)
    {
        using NativeBuffer buffer = new(43);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Span<int>(start, count).Length);
    }

    [Fact]
    public void A_freed_buffer_has_no_views()
    {
        NativeBuffer buffer = new(8);
        buffer.Dispose();
        buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => buffer.Span<byte>(0, 1).Length);
    }

    [Fact]
    public void A_negative_length_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new NativeBuffer(-1));
}
