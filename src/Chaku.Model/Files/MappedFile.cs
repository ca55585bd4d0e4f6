using System.IO.MemoryMappedFiles;
using Chaku.Kernels.Formats;
using Chaku.Kernels.Memory;
using Microsoft.Win32.SafeHandles;

namespace Chaku.Model.Files;

/// <summary>A file of any size, mapped read-only into memory: nothing is read until it is looked at.</summary>
/// <remarks>
/// Views are valid while this object lives and is not disposed. A file that another program shortens while it is mapped
/// ends the process when the lost part is read: that is how the operating system tells it.
/// </remarks>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedViewAccessor? _view;
    private readonly byte* _pointer;

    private MappedFile(string path, long length, DateTime lastWriteUtc, MemoryMappedViewAccessor? view)
    {
        Path = path;
        Length = length;
        LastWriteUtc = lastWriteUtc;
        _view = view;
        _pointer = view is null
            ? null
            : (byte*)view.SafeMemoryMappedViewHandle.DangerousGetHandle() + view.PointerOffset;
    }

    /// <summary>The path it was opened by.</summary>
    public string Path { get; }

    /// <summary>Bytes in the file when it was opened.</summary>
    public long Length { get; }

    /// <summary>When the file was last written before it was opened.</summary>
    public DateTime LastWriteUtc { get; }

    /// <summary>Maps a file; an empty one is allowed and has no views but empty ones.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">It is a folder, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Reading is not permitted.</exception>
    public static MappedFile Open(string path)
    {
        if (Directory.Exists(path))
        {
            throw new IOException($"{path} is a folder, not a file");
        }

        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"{path}: there is no such file", path);
        }

        using SafeFileHandle file = File.OpenHandle(path);
        long length = RandomAccess.GetLength(file);
        DateTime lastWriteUtc = File.GetLastWriteTimeUtc(file);
        if (length == 0)
        {
            return new MappedFile(path, 0, lastWriteUtc, view: null);
        }

        using MemoryMappedFile map = MemoryMappedFile.CreateFromFile(
            file, null, length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        return new MappedFile(
            path, length, lastWriteUtc, map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read));
    }

    /// <summary>Some of the file's bytes.</summary>
    /// <param name="offset">Bytes from the file's start.</param>
    /// <param name="length">Bytes in the view.</param>
    /// <exception cref="ArgumentOutOfRangeException">The view leaves the file.</exception>
    /// <exception cref="ObjectDisposedException">The map is gone.</exception>
    public ReadOnlySpan<byte> Span(long offset, int length)
    {
        Check(offset, length);
        return new ReadOnlySpan<byte>(_pointer + offset, length);
    }

    /// <summary>A matrix of weights read where it lies; it keeps this object alive.</summary>
    /// <param name="format">How the weights are stored.</param>
    /// <param name="rows">Outputs.</param>
    /// <param name="columns">Inputs; a multiple of the format's block length.</param>
    /// <param name="offset">Bytes from the file's start.</param>
    /// <exception cref="ArgumentOutOfRangeException">The matrix leaves the file.</exception>
    /// <exception cref="ObjectDisposedException">The map is gone.</exception>
    public WeightMatrix Matrix(TensorFormat format, int rows, int columns, long offset)
    {
        Check(offset, checked(rows * format.ByteLength(columns)));
        return new WeightMatrix(format, rows, columns, _pointer + offset, this);
    }

    /// <summary>Unmaps the file; every view of it is dead from then on.</summary>
    public void Dispose() => _view?.Dispose();

    private void Check(long offset, long length)
    {
        ObjectDisposedException.ThrowIf(_view is { SafeMemoryMappedViewHandle.IsClosed: true }, this);
        if (offset < 0 || length < 0 || length > Length - offset)
        {
            throw new ArgumentOutOfRangeException(
                nameof(offset), $"{length} bytes from byte {offset} leave {Path} of {Length} bytes");
        }
    }
}
