using System.Buffers.Binary;

namespace Chaku.Model.Files;

/// <summary>Where a zip archive's central directory lies.</summary>
/// <remarks>Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.14 to 4.3.16.</remarks>
internal sealed class ZipDirectory
{
    private const uint EndSignature = 0x06054b50;
    private const uint LargeEndSignature = 0x06064b50;
    private const uint LargeLocatorSignature = 0x07064b50;
    private const int EndByteLength = 22;
    private const int LargeEndByteLength = 56;
    private const int LargeLocatorByteLength = 20;
    private const int LeastEntryByteLength = 46;

    // A storage each: more than any checkpoint has, and few enough to be kept in memory.
    private const int MostEntries = 1 << 20;

    private readonly MappedFile _file;

    private ZipDirectory(MappedFile file, long recordOffset, ulong entryCount, ulong byteLength, ulong offset)
    {
        _file = file;
        if (offset > (ulong)recordOffset || byteLength > (ulong)recordOffset - offset)
        {
            throw new ModelFormatException(
                file.Path,
                recordOffset,
                "a directory before this record",
                $"{byteLength} bytes of it from byte {offset}");
        }

        ulong most = Math.Min(byteLength / LeastEntryByteLength, MostEntries);
        if (entryCount > most)
        {
            throw new ModelFormatException(
                file.Path,
                recordOffset,
                $"at most {most} entries in a directory of {byteLength} bytes",
                $"{entryCount}");
        }

        (Offset, End, EntryCount) = ((long)offset, (long)(offset + byteLength), (long)entryCount);
    }

    /// <summary>The first entry, from the file's start: all records end before it.</summary>
    public long Offset { get; }

    /// <summary>The byte after the last entry.</summary>
    public long End { get; }

    /// <summary>The entries.</summary>
    public long EntryCount { get; }

    /// <summary>Finds the directory of a file.</summary>
    /// <exception cref="ModelFormatException">The file is no zip archive, or a broken one.</exception>
    public static ZipDirectory Find(MappedFile file)
    {
        long place = FindEnd(file);
        ReadOnlySpan<byte> end = file.Span(place, EndByteLength);
        RequireOneDisk(file, place, end[4..8]);
        ulong entryCount = BinaryPrimitives.ReadUInt16LittleEndian(end[10..]);
        ulong byteLength = BinaryPrimitives.ReadUInt32LittleEndian(end[12..]);
        ulong offset = BinaryPrimitives.ReadUInt32LittleEndian(end[16..]);
        if (FindLargeEnd(file, place) is not { } largePlace)
        {
            return new ZipDirectory(file, place, entryCount, byteLength, offset);
        }

        ReadOnlySpan<byte> large = file.Span(largePlace, LargeEndByteLength);
        RequireOneDisk(file, largePlace, large[16..24]);
        ulong largeCount = BinaryPrimitives.ReadUInt64LittleEndian(large[32..]);
        ulong largeByteLength = BinaryPrimitives.ReadUInt64LittleEndian(large[40..]);
        ulong largeOffset = BinaryPrimitives.ReadUInt64LittleEndian(large[48..]);
        return Agree(entryCount, largeCount, ushort.MaxValue)
            && Agree(byteLength, largeByteLength, uint.MaxValue)
            && Agree(offset, largeOffset, uint.MaxValue)
                ? new ZipDirectory(file, largePlace, largeCount, largeByteLength, largeOffset)
                : throw new ModelFormatException(
                    file.Path, place, "the same directory in both records of the archive's end", "two of them");
    }

    /// <summary>Some of the directory's bytes.</summary>
    /// <exception cref="ModelFormatException">They leave the directory.</exception>
    public ReadOnlySpan<byte> Bytes(long offset, int length, string what) => length <= End - offset
        ? _file.Span(offset, length)
        : throw new ModelFormatException(
            _file.Path, offset, $"{length} bytes of {what}", $"{End - offset} bytes to the directory's end");

    // The record is the last thing in the file but for a comment, whose length it has.
    private static long FindEnd(MappedFile file)
    {
        int length = (int)Math.Min(file.Length, EndByteLength + ushort.MaxValue);
        ReadOnlySpan<byte> tail = file.Span(file.Length - length, length);
        for (int place = length - EndByteLength; place >= 0; place--)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(tail[place..]) == EndSignature
                && BinaryPrimitives.ReadUInt16LittleEndian(tail[(place + 20)..]) == length - EndByteLength - place)
            {
                return file.Length - length + place;
            }
        }

        throw new ModelFormatException(
            file.Path, 0, "a zip archive, as torch.save writes since PyTorch 1.6", "none, or one that was cut off");
    }

    private static long? FindLargeEnd(MappedFile file, long endPlace)
    {
        long place = endPlace - LargeLocatorByteLength;
        if (place < LargeEndByteLength)
        {
            return null;
        }

        ReadOnlySpan<byte> locator = file.Span(place, LargeLocatorByteLength);
        if (BinaryPrimitives.ReadUInt32LittleEndian(locator) != LargeLocatorSignature)
        {
            return null;
        }

        ulong large = BinaryPrimitives.ReadUInt64LittleEndian(locator[8..]);
        return large <= (ulong)(place - LargeEndByteLength)
            && BinaryPrimitives.ReadUInt32LittleEndian(file.Span((long)large, sizeof(uint))) == LargeEndSignature
                ? (long)large
                : throw new ModelFormatException(
                    file.Path, place, "the place of the archive's large end record", $"byte {large}, where none is");
    }

    private static void RequireOneDisk(MappedFile file, long place, ReadOnlySpan<byte> disks)
    {
        if (disks.ContainsAnyExcept((byte)0))
        {
            throw new ModelFormatException(file.Path, place, "an archive in one part", "one in several");
        }
    }

    private static bool Agree(ulong small, ulong large, ulong full) => small == full || small == large;
}
