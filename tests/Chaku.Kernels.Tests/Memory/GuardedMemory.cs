using System.Runtime.InteropServices;

namespace Chaku.Kernels.Tests.Memory;

/// <summary>Memory whose last byte is followed by an unreadable page: one byte read too far ends the process.</summary>
internal sealed unsafe partial class GuardedMemory : IDisposable
{
    private const int NoAccess = 0;
    private const int ReadAndWrite = 3;
    private const int PrivateAnonymous = 0x22;

    private readonly nint _start;
    private readonly nuint _mappedLength;
    private readonly int _length;

    /// <summary>Maps zeroed memory; skips the calling test where the system has no Linux calls.</summary>
    public GuardedMemory(int length)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "unreadable pages are made with Linux calls");
        nuint page = (nuint)Environment.SystemPageSize;
        nuint readable = ((nuint)length + page - 1) / page * page;
        _length = length;
        _mappedLength = readable + page;
        _start = Map(0, _mappedLength, ReadAndWrite, PrivateAnonymous, -1, 0);
        Assert.NotEqual(-1, _start);
        Assert.Equal(0, Protect(_start + (nint)readable, page, NoAccess));
        Pointer = (byte*)_start + readable - (nuint)length;
    }

    /// <summary>Maps memory that holds these bytes.</summary>
    public GuardedMemory(ReadOnlySpan<byte> content)
        : this(content.Length) => content.CopyTo(Span);

    /// <summary>The first byte.</summary>
    public byte* Pointer { get; }

    /// <summary>All bytes, the last one before the unreadable page.</summary>
    public Span<byte> Span => new(Pointer, _length);

    public void Dispose() => Assert.Equal(0, Unmap(_start, _mappedLength));

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(nint address, nuint length);
}
