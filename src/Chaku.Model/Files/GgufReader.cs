using System.Buffers.Binary;

namespace Chaku.Model.Files;

/// <summary>Reads a GGUF file's header: every length, count, offset and depth is checked before it is used.</summary>
internal sealed class GgufReader
{
    /// <summary>"GGUF" as the first four bytes.</summary>
    public const uint Magic = 0x46554747;

    /// <summary>The newest version, and the one that is written.</summary>
    public const int NewestVersion = 3;

    /// <summary>The metadata key that sets where tensors may begin.</summary>
    public const string AlignmentKey = "general.alignment";

    /// <summary>Where tensors begin when the file does not say.</summary>
    public const int DefaultAlignment = 32;

    private const int OldestVersion = 2;
    private const int MaximumAlignment = 1 << 20;
    private const int MaximumDepth = 8;
    private const int LeastStringByteLength = sizeof(ulong);
    private const int LeastArrayByteLength = sizeof(uint) + sizeof(ulong);
    private const int LeastValueByteLength = LeastStringByteLength + sizeof(uint) + sizeof(byte);

    private readonly MappedFile _map;
    private readonly FileCursor _cursor;

    /// <summary>Reads <paramref name="map"/> from its start.</summary>
    public GgufReader(MappedFile map)
    {
        _map = map;
        _cursor = new FileCursor(map);
    }

    /// <summary>Reads the header.</summary>
    /// <exception cref="ModelFormatException">It is broken, or of another version.</exception>
    public GgufFile Read()
    {
        int version = ReadVersion();
        int tensorCount = ReadTensorCount();
        Metadata metadata = ReadMetadata();
        int alignment = AlignmentOf(metadata);
        List<GgufTensor> tensors = new GgufTensorTable(_map, _cursor, alignment).Read(tensorCount);
        return new GgufFile(_map, version, metadata, alignment, tensors);
    }

    /// <summary>Where tensors begin: a multiple of this.</summary>
    /// <exception cref="ModelFormatException">The metadata have a number for it that is no power of two.</exception>
    public static int AlignmentOf(Metadata metadata)
    {
        if (metadata.Find(AlignmentKey) is not { } value)
        {
            return DefaultAlignment;
        }

        long alignment = value.AsInt64();
        return alignment is >= 1 and <= MaximumAlignment && long.IsPow2(alignment)
            ? (int)alignment
            : throw value.Wrong($"a power of two up to {MaximumAlignment}");
    }

    /// <summary>The next multiple of <paramref name="alignment"/>.</summary>
    public static long Align(long offset, int alignment) => checked(offset + alignment - 1) / alignment * alignment;

    private int ReadVersion()
    {
        uint magic = _cursor.Read<uint>("magic number");
        if (magic != Magic)
        {
            string kind = magic == BinaryPrimitives.ReverseEndianness(Magic) ? ", a byte-swapped GGUF file" : "";
            throw _cursor.WrongAt(0, $"0x{Magic:x8} (GGUF)", $"0x{magic:x8}{kind}");
        }

        long start = _cursor.Position;
        uint version = _cursor.Read<uint>("version");
        string expected = $"GGUF version {OldestVersion} or {NewestVersion}";
        return version switch
        {
            >= OldestVersion and <= NewestVersion => (int)version,
            _ when BinaryPrimitives.ReverseEndianness(version) is var swapped and <= NewestVersion =>
                throw _cursor.WrongAt(start, expected, $"version {swapped} byte-swapped: a big-endian file"),
            _ => throw _cursor.WrongAt(start, expected, $"GGUF version {version}"),
        };
    }

    // The tensors come after the metadata, so their number is checked again when the table begins.
    private int ReadTensorCount() => _cursor.ReadCount(GgufTensorTable.LeastEntryByteLength, "tensors in", "the file");

    private Metadata ReadMetadata()
    {
        Metadata metadata = new(_map.Path);
        int count = _cursor.ReadCount(LeastValueByteLength, "metadata values in", "the file");
        for (int index = 0; index < count; index++)
        {
            long start = _cursor.Position;
            string key = _cursor.ReadName("a metadata key");
            string quoted = ModelFormatException.Quote(key);
            GgufValueType type = ReadType(quoted);
            long offset = _cursor.Position;
            if (!metadata.TryAdd(new MetadataValue(key, type, ReadValue(type, quoted), _map.Path, offset)))
            {
                throw _cursor.WrongAt(start, "every metadata key once", $"{quoted} again");
            }
        }

        metadata.EndOffset = _cursor.Position;
        return metadata;
    }

    private GgufValueType ReadType(string what)
    {
        long start = _cursor.Position;
        uint type = _cursor.Read<uint>("value type");
        return type <= (uint)GgufValueType.Float64
            ? (GgufValueType)type
            : throw _cursor.WrongAt(start, $"a value type up to {(int)GgufValueType.Float64} for {what}", $"{type}");
    }

    private object ReadValue(GgufValueType type, string what)
    {
        switch (type)
        {
            case GgufValueType.String:
                return _cursor.ReadString(what).ToArray();
            case GgufValueType.Array:
                return ReadArray(what, depth: 1);
            default:
                GgufScalar scalar = GgufScalar.Find(type)!;
                CheckBools(scalar, count: 1);
                return scalar.Read(_cursor.ReadBytes(scalar.ByteLength, what));
        }
    }

    private GgufArray ReadArray(string what, int depth)
    {
        if (depth > MaximumDepth)
        {
            throw _cursor.Wrong($"arrays at most {MaximumDepth} deep in {what}", "a deeper one");
        }

        GgufValueType type = ReadType(what);
        return new GgufArray(type, type switch
        {
            GgufValueType.String => ReadItems(LeastStringByteLength, what, () => _cursor.ReadString(what).ToArray()),
            GgufValueType.Array => ReadItems(LeastArrayByteLength, what, () => ReadArray(what, depth + 1)),
            _ => ReadScalars(GgufScalar.Find(type)!, what),
        });
    }

    private T[] ReadItems<T>(int leastByteLength, string what, Func<T> read)
    {
        T[] items = new T[_cursor.ReadCount(leastByteLength, "elements of", what)];
        for (int index = 0; index < items.Length; index++)
        {
            items[index] = read();
        }

        return items;
    }

    private Array ReadScalars(GgufScalar scalar, string what)
    {
        int count = _cursor.ReadCount(scalar.ByteLength, "elements of", what);
        CheckBools(scalar, count);
        return scalar.ReadArray(_cursor.ReadBytes(count * scalar.ByteLength, what));
    }

    private void CheckBools(GgufScalar scalar, int count)
    {
        if (scalar.Type != GgufValueType.Bool || count > _cursor.Left)
        {
            return;
        }

        ReadOnlySpan<byte> bytes = _map.Span(_cursor.Position, count);
        int bad = bytes.IndexOfAnyExcept((byte)0, (byte)1);
        if (bad >= 0)
        {
            throw _cursor.WrongAt(_cursor.Position + bad, "a bool of 0 or 1", $"{bytes[bad]}");
        }
    }
}
