using Chaku.Model.Files;

namespace Chaku.Training.Datasets;

/// <summary>A data set's file, read where it lies.</summary>
internal sealed class DatasetFile : IDisposable
{
    private const int LargestByteLength = 1 << 30;

    private readonly MappedFile _map;
    private readonly int _start;

    private DatasetFile(MappedFile map)
    {
        _map = map;
        if (map.Length > LargestByteLength)
        {
            throw new DatasetException($"{map.Path}: expected at most {LargestByteLength} bytes, got {map.Length}");
        }

        ReadOnlySpan<byte> mark = [0xEF, 0xBB, 0xBF];
        _start = _map.Span(0, (int)_map.Length).StartsWith(mark) ? mark.Length : 0;
    }

    /// <summary>The path it was opened by.</summary>
    public string Path => _map.Path;

    /// <summary>The path's extension in small letters, with its dot.</summary>
    public string Extension => System.IO.Path.GetExtension(Path).ToLowerInvariant();

    /// <summary>The bytes, without a byte-order mark.</summary>
    public ReadOnlySpan<byte> Content => _map.Span(_start, (int)_map.Length - _start);

    /// <summary>The first byte that is no white space; 0 where there is none.</summary>
    public byte FirstByte
    {
        get
        {
            int first = Content.IndexOfAnyExcept(" \t\r\n"u8);
            return first < 0 ? (byte)0 : Content[first];
        }
    }

    /// <summary>Opens a file.</summary>
    /// <exception cref="DatasetException">It is too large.</exception>
    /// <exception cref="IOException">It is missing, a folder, or cannot be read.</exception>
    public static DatasetFile Open(string path)
    {
        MappedFile map = MappedFile.Open(path);
        try
        {
            return new DatasetFile(map);
        }
        catch
        {
            map.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _map.Dispose();
}
