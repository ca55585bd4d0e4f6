using System.Runtime.InteropServices;

namespace Chaku.Kernels.Tests;

/// <summary>Spans that end at an unreadable page: a read or write behind them ends the process.</summary>
internal sealed unsafe partial class GuardedBuffer : IDisposable
{
    private const int ReadAndWrite = 3;
    private const int PrivateAndAnonymous = 0x22;

    private readonly List<(nint Address, nint ByteLength)> _mappings = [];

    /// <summary>A zeroed span whose last element ends at the page; valid until this object is disposed.</summary>
    public Span<T> End<T>(int count)
        where T : unmanaged
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "guard pages are mapped by Linux's libc");
        nint page = Environment.SystemPageSize;
        nint used = checked(count * sizeof(T));
        nint readable = (used + page - 1) / page * page;
        nint mapping = Map(0, readable + page, ReadAndWrite, PrivateAndAnonymous, -1, 0);
        Assert.NotEqual(-1, mapping);
        _mappings.Add((mapping, readable + page));
        Assert.Equal(0, Protect(mapping + readable, page, 0));
        return new Span<T>((void*)(mapping + readable - used), count);
    }

    /// <summary>The same values, ending at the page.</summary>
    public Span<T> Copy<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        Span<T> copy = End<T>(values.Length);
        values.CopyTo(copy);
        return copy;
    }

    public void Dispose()
    {
        foreach ((nint address, nint byteLength) in _mappings)
        {
            Assert.Equal(0, Unmap(address, byteLength));
        }

        _mappings.Clear();
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Map(nint address, nint byteLength, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Protect(nint address, nint byteLength, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Unmap(nint address, nint byteLength);
}
