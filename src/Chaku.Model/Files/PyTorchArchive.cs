using System.Buffers.Binary;
using System.Text;

namespace Chaku.Model.Files;

/// <summary>Where a record of an archive lies.</summary>
/// <param name="Offset">Its first byte, from the file's start.</param>
/// <param name="ByteLength">Bytes in it.</param>
internal readonly record struct PyTorchRecord(long Offset, long ByteLength);

/// <summary>
/// The zip archive in which PyTorch saves: its records are stored as they are, in one folder, and do not overlap.
/// </summary>
/// <remarks>Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 and 4.5.3.</remarks>
internal sealed class PyTorchArchive
{
    private const uint EntrySignature = 0x02014b50;
    private const uint LocalSignature = 0x04034b50;
    private const int EntryByteLength = 46;
    private const int LocalByteLength = 30;
    private const int LargeExtraId = 1;
    private const string PickleName = "/data.pkl";

    private static readonly UTF8Encoding StrictUtf8 =
        new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly MappedFile _file;
    private readonly Dictionary<string, PyTorchRecord> _records = new(StringComparer.Ordinal);
    private readonly List<(long Start, long End, string Name)> _places = [];

    private PyTorchArchive(MappedFile file)
    {
        _file = file;
        ZipDirectory directory = ZipDirectory.Find(file);
        long offset = directory.Offset;
        for (long i = 0; i < directory.EntryCount; i++)
        {
            offset += ReadEntry(offset, directory);
        }

        if (offset != directory.End)
        {
            throw new ModelFormatException(
                file.Path, offset, "the directory's end after its last entry", $"{directory.End - offset} more bytes");
        }

        CheckPlaces(directory.Offset);
        Name = FindName(directory.Offset);
    }

    /// <summary>The folder in the archive that has all records.</summary>
    public string Name { get; }

    /// <summary>Reads an archive's directory.</summary>
    /// <exception cref="ModelFormatException">It is none, a broken one, or not as PyTorch writes it.</exception>
    public static PyTorchArchive Read(MappedFile file) => new(file);

    /// <summary>The record of this name; null where there is none.</summary>
    public PyTorchRecord? Find(string name) =>
        _records.TryGetValue($"{Name}/{name}", out PyTorchRecord record) ? record : null;

    private string FindName(long offset)
    {
        string[] names =
        [
            .. _records.Keys.Where(name => name.EndsWith(PickleName, StringComparison.Ordinal)
                && name.IndexOf('/') == name.Length - PickleName.Length),
        ];
        return names is [string name]
            ? name[..^PickleName.Length]
            : throw new ModelFormatException(
                _file.Path, offset, $"one record NAME{PickleName}, as PyTorch writes", $"{names.Length}");
    }

    /// <summary>Reads one entry of the directory, and returns its length.</summary>
    private int ReadEntry(long offset, ZipDirectory directory)
    {
        ReadOnlySpan<byte> entry = directory.Bytes(offset, EntryByteLength, "an entry");
        if (BinaryPrimitives.ReadUInt32LittleEndian(entry) != EntrySignature)
        {
            throw new ModelFormatException(_file.Path, offset, "an entry of the directory", "other bytes");
        }

        int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(entry[28..]);
        int extraLength = BinaryPrimitives.ReadUInt16LittleEndian(entry[30..]);
        int length = EntryByteLength + nameLength + extraLength + BinaryPrimitives.ReadUInt16LittleEndian(entry[32..]);
        entry = directory.Bytes(offset, length, "an entry");
        ReadOnlySpan<byte> nameBytes = entry.Slice(EntryByteLength, nameLength);
        string name = NameOf(nameBytes, offset);
        string quoted = ModelFormatException.Quote(name);
        CheckIsPlain(entry, quoted, offset);
        (ulong packed, ulong unpacked, ulong start) =
            Places(entry, entry.Slice(EntryByteLength + nameLength, extraLength));
        if (packed != unpacked)
        {
            throw new ModelFormatException(
                _file.Path, offset, $"{unpacked} bytes of {quoted} in the archive", $"{packed}");
        }

        Add(name, nameBytes, start, unpacked, directory.Offset, offset);
        return length;
    }

    private void CheckIsPlain(ReadOnlySpan<byte> entry, string quoted, long offset)
    {
        bool isEncrypted = (entry[8] & 1) != 0;
        int method = BinaryPrimitives.ReadUInt16LittleEndian(entry[10..]);
        if (method != 0 || isEncrypted)
        {
            throw new ModelFormatException(
                _file.Path,
                offset,
                $"{quoted} stored as it is, as PyTorch writes",
                isEncrypted
                    ? "an encrypted record"
                    : $"a compressed one (method {method}), as of a TorchScript program");
        }
    }

    private string NameOf(ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException exception)
        {
            throw new ModelFormatException(_file.Path, offset, "a name in UTF-8", "bytes that are none", exception);
        }
    }

    private void Add(
        string name, ReadOnlySpan<byte> nameBytes, ulong start, ulong byteLength, long dataEnd, long entryOffset)
    {
        string quoted = ModelFormatException.Quote(name);
        if (start > (ulong)(dataEnd - Math.Min(dataEnd, LocalByteLength)))
        {
            throw new ModelFormatException(
                _file.Path, entryOffset, $"{quoted} within the {dataEnd} bytes of records", $"it at byte {start}");
        }

        ReadOnlySpan<byte> local = _file.Span((long)start, LocalByteLength);
        int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(local[26..]);
        long offset = (long)start + LocalByteLength + nameLength + BinaryPrimitives.ReadUInt16LittleEndian(local[28..]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(local) != LocalSignature
            || BinaryPrimitives.ReadUInt16LittleEndian(local[8..]) != 0
            || offset > dataEnd
            || !_file.Span((long)start + LocalByteLength, nameLength).SequenceEqual(nameBytes))
        {
            throw new ModelFormatException(
                _file.Path, (long)start, $"the header of {quoted}, as the directory has it", "another");
        }

        if (byteLength > (ulong)(dataEnd - offset))
        {
            throw new ModelFormatException(
                _file.Path, offset, $"{byteLength} bytes of {quoted}", $"{dataEnd - offset} to the directory");
        }

        if (!_records.TryAdd(name, new PyTorchRecord(offset, (long)byteLength)))
        {
            throw new ModelFormatException(_file.Path, entryOffset, "every record once", $"{quoted} again");
        }

        _places.Add(((long)start, offset + (long)byteLength, name));
    }

    /// <summary>The lengths and the place of an entry, from its large numbers where the small ones are full.</summary>
    private static (ulong Packed, ulong Unpacked, ulong Start) Places(
        ReadOnlySpan<byte> entry, ReadOnlySpan<byte> extra)
    {
        ReadOnlySpan<byte> large = [];
        while (extra.Length >= 4)
        {
            int id = BinaryPrimitives.ReadUInt16LittleEndian(extra);
            int length = Math.Min(BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]), extra.Length - 4);
            if (id == LargeExtraId)
            {
                large = extra.Slice(4, length);
                break;
            }

            extra = extra[(4 + length)..];
        }

        ulong unpacked = Number(entry[24..], ref large);
        ulong packed = Number(entry[20..], ref large);
        return (packed, unpacked, Number(entry[42..], ref large));
    }

    // A full number without a large one stays 2³² − 1, and is then checked as any other.
    private static ulong Number(ReadOnlySpan<byte> small, ref ReadOnlySpan<byte> large)
    {
        ulong number = BinaryPrimitives.ReadUInt32LittleEndian(small);
        if (number == uint.MaxValue && large.Length >= sizeof(ulong))
        {
            number = BinaryPrimitives.ReadUInt64LittleEndian(large);
            large = large[sizeof(ulong)..];
        }

        return number;
    }

    private void CheckPlaces(long dataEnd)
    {
        _places.Sort();
        for (int i = 0; i < _places.Count; i++)
        {
            long next = i + 1 < _places.Count ? _places[i + 1].Start : dataEnd;
            if (_places[i].End > next)
            {
                throw new ModelFormatException(
                    _file.Path,
                    next,
                    $"the end of {ModelFormatException.Quote(_places[i].Name)}",
                    $"{ModelFormatException.Quote(_places[i + 1].Name)}: they overlap");
            }
        }
    }
}
