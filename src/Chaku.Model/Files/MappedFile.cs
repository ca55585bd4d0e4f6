using System.IO.MemoryMappedFiles;
using Chaku.Kernels.Formats;
using Chaku.Kernels.Memory;
using Microsoft.Win32.SafeHandles;

namespace Chaku.Model.Files;

/// <summary>A file of any size, mapped read-only into memory: nothing is read until it is looked at.</summary>
/// <remarks>
/// Views are valid while this object lives and is not disposed. A file that another program shortens while it is mapped
/// ends the process when the lost part is looked at: that is how the operating system tells it. What is wanted once,
/// <see cref="Read"/> copies: the pages of a map stay in memory beside whatever is made of them.
/// </remarks>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly byte* _pointer;

    private MappedFile(string path, SafeFileHandle file)
    {
        Path = path;
        _file = file;
        Length = RandomAccess.GetLength(file);
        LastWriteUtc = File.GetLastWriteTimeUtc(file);
        _view = Length == 0 ? null : Map(file, Length);
        _pointer = _view is null
            ? null
            : (byte*)_view.SafeMemoryMappedViewHandle.DangerousGetHandle() + _view.PointerOffset;
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

        // It stays open as long as a model is in use, which is to stop nobody from replacing the file.
        SafeFileHandle file = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
        try
        {
            return new MappedFile(path, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
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
        return new WeightMatrix(
            format, rows, columns, _pointer + offset, this, (start, bytes) => Read(offset + start, bytes));
    }

    /// <summary>Copies some of the file's bytes; the map stays as it is.</summary>
    /// <param name="offset">Bytes from the file's start.</param>
    /// <param name="bytes">Receives them.</param>
    /// <exception cref="ArgumentOutOfRangeException">They leave the file.</exception>
    /// <exception cref="ModelFormatException">The file is no longer what was opened.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The map is gone.</exception>
    public void Read(long offset, Span<byte> bytes)
    {
        Check(offset, bytes.Length);
        int done = 0;
        while (done < bytes.Length)
        {
            int count = RandomAccess.Read(_file, bytes[done..], offset + done);
            if (count == 0)
            {
                string missing = $"{bytes.Length - done} more bytes";
                throw new ModelFormatException(Path, offset + done, missing, "the end: the file has been cut since");
            }

            done += count;
        }

        DateTime lastWriteUtc = File.GetLastWriteTimeUtc(_file);
        if (lastWriteUtc != LastWriteUtc)
        {
            throw new ModelFormatException(
                Path, offset, $"a file last written to at {LastWriteUtc:O}", $"one written to at {lastWriteUtc:O}");
        }
    }

    /// <summary>Unmaps the file; every view of it is dead from then on.</summary>
    public void Dispose()
    {
        _view?.Dispose();
        _file.Dispose();
    }

    private static MemoryMappedViewAccessor Map(SafeFileHandle file, long length)
    {
        using MemoryMappedFile map = MemoryMappedFile.CreateFromFile(
            file, null, length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        return map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
    }

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
