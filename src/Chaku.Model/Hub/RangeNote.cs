using System.Globalization;
using Chaku.Model.Files;

namespace Chaku.Model.Hub;

/// <summary>A part of a file, and how much of it is on the disk.</summary>
/// <param name="start">Its first byte.</param>
/// <param name="end">The byte after its last.</param>
/// <param name="done">The byte after the last that is on the disk.</param>
internal sealed class ByteRange(long start, long end, long done)
{
    /// <summary>Its first byte.</summary>
    public long Start { get; } = start;

    /// <summary>The byte after its last.</summary>
    public long End { get; } = end;

    /// <summary>The byte after the last that is on the disk.</summary>
    public long Done { get; set; } = done;
}

/// <summary>
/// Which bytes of an unfinished file have come: the file itself does not tell a hole from zeros. It lies beside the
/// file and is written after the bytes that it speaks of are on the disk.
/// </summary>
internal sealed class RangeNote
{
    private const string Title = "chaku ranges 2";
    private const int LongestNote = 1 << 16;
    private const int MostRanges = 256;
    private const int LinesBeforeRanges = 3;

    private readonly string _path;
    private readonly Lock _lock = new();

    private RangeNote(string path, string file, IReadOnlyList<ByteRange> ranges)
    {
        _path = path;
        File = file;
        Ranges = ranges;
    }

    /// <summary>The file's path in its snapshot, for people: content is known by its hash.</summary>
    public string File { get; }

    /// <summary>The parts, in order; together they are the file.</summary>
    public IReadOnlyList<ByteRange> Ranges { get; }

    /// <summary>Bytes that are on the disk.</summary>
    public long DoneByteLength => Ranges.Sum(range => range.Done - range.Start);

    /// <summary>A file of which nothing has come.</summary>
    /// <param name="path">Where the note is written.</param>
    /// <param name="file">The file's path in its snapshot.</param>
    /// <param name="byteLength">The file's length.</param>
    /// <param name="count">Parts, of nearly the same length.</param>
    public static RangeNote Begin(string path, string file, long byteLength, int count)
    {
        long[] borders = [.. Enumerable.Range(0, count + 1).Select(i => (long)((Int128)byteLength * i / count))];
        return new RangeNote(
            path, file, [.. borders.Zip(borders.Skip(1), (start, end) => new ByteRange(start, end, start))]);
    }

    /// <summary>What an earlier attempt noted; null where there is no note that fits.</summary>
    /// <param name="path">The note.</param>
    /// <param name="part">The unfinished file, which must be as long as the note says.</param>
    /// <param name="byteLength">The length of the whole; null for what the note says.</param>
    public static RangeNote? Read(string path, string part, long? byteLength)
    {
        FileInfo note = new(path);
        FileInfo file = new(part);
        if (!note.Exists || note.LinkTarget is not null || note.Length > LongestNote
            || !file.Exists || file.LinkTarget is not null)
        {
            return null;
        }

        string[] lines = System.IO.File.ReadAllText(path).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        ByteRange?[] ranges = [.. lines.Skip(LinesBeforeRanges).Select(Parse)];
        return lines is [Title, var name, var length, ..]
            && Number(length) is { } whole && whole == (byteLength ?? whole)
            && AreWhole(ranges, whole)
            && ranges.All(range => range!.Done == range.Start || range.Done <= file.Length)
                ? new RangeNote(path, name, ranges!)
                : null;
    }

    /// <summary>Writes how far it is.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Save()
    {
        lock (_lock)
        {
            string[] lines =
            [
                Title,
                File,
                Ranges[^1].End.ToString(CultureInfo.InvariantCulture),
                .. Ranges.Select(range => FormattableString.Invariant($"{range.Start} {range.End} {range.Done}")),
            ];
            AtomicFile.WriteText(_path, string.Join('\n', lines) + "\n");
        }
    }

    private static ByteRange? Parse(string line) =>
        line.Split(' ') is [var start, var end, var done]
            && Number(start) is { } first && Number(end) is { } last && Number(done) is { } reached
            && first <= reached && reached <= last
                ? new ByteRange(first, last, reached)
                : null;

    private static long? Number(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;

    private static bool AreWhole(ByteRange?[] ranges, long byteLength)
    {
        long reached = 0;
        foreach (ByteRange? range in ranges)
        {
            if (range is null || range.Start != reached || ranges.Length > MostRanges)
            {
                return false;
            }

            reached = range.End;
        }

        return reached == byteLength;
    }
}
