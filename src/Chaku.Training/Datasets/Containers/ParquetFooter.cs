using System.Buffers.Binary;

namespace Chaku.Training.Datasets.Containers;

/// <summary>
/// Walks through a Parquet file's footer before the library reads it, which trusts what it finds: counts must be within
/// the footer's own bytes, and nothing may lie deeper than data do.
/// </summary>
/// <remarks>
/// The footer is a struct in Thrift's compact protocol; of all fields only the tree of columns is understood here.
/// Sources: parquet.thrift of apache/parquet-format; thrift-compact-protocol.md of apache/thrift.
/// </remarks>
internal ref struct ParquetFooter
{
    private const int MaximumDepth = 32;
    private const int MostColumns = 1 << 12;
    private const int SchemaField = 2;
    private const int ChildCountField = 5;

    private readonly string _path;
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly List<long> _childCounts = [];
    private int _position;

    private ParquetFooter(string path, ReadOnlySpan<byte> bytes)
    {
        _path = path;
        _bytes = bytes;
    }

    private enum Place
    {
        File,
        Column,
        Elsewhere,
    }

    // The types of the compact protocol.
    private enum Type
    {
        Stop = 0,
        True = 1,
        False = 2,
        Byte = 3,
        Int16 = 4,
        Int32 = 5,
        Int64 = 6,
        Double = 7,
        Binary = 8,
        List = 9,
        Set = 10,
        Map = 11,
        Struct = 12,
    }

    /// <summary>Checks a file that begins and ends as a Parquet file does.</summary>
    /// <exception cref="DatasetException">The footer is none, or too deep or too wide.</exception>
    public static void Require(DatasetFile file)
    {
        ReadOnlySpan<byte> content = file.Content;
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(content[^8..]);
        if (length > content.Length - 12)
        {
            throw new DatasetException(
                $"{file.Path}: expected a footer of at most {content.Length - 12} bytes, got {length}");
        }

        ParquetFooter footer = new(file.Path, content.Slice(content.Length - 8 - (int)length, (int)length));
        footer.WalkStruct(Place.File, 0);
        footer.RequireTree();
    }

    // Columns come in the order of a walk through their tree, each with the number of its children.
    private readonly void RequireTree()
    {
        Stack<long> open = new();
        foreach (long count in _childCounts)
        {
            while (open.TryPeek(out long left) && left == 0)
            {
                open.Pop();
            }

            if (open.TryPop(out long before))
            {
                open.Push(before - 1);
            }

            if (open.Count >= MaximumDepth || count is < 0 or > MostColumns || _childCounts.Count > MostColumns)
            {
                throw Wrong($"at most {MostColumns} columns, {MaximumDepth} deep", "more");
            }

            open.Push(count);
        }
    }

    private void WalkStruct(Place place, int depth)
    {
        RequireDepth(depth);
        int column = _childCounts.Count;
        if (place == Place.Column)
        {
            _childCounts.Add(0);
        }

        int field = 0;
        while (true)
        {
            byte header = ReadByte();
            Type type = (Type)(header & 0x0F);
            if (type == Type.Stop)
            {
                return;
            }

            field = header >> 4 == 0 ? (int)ReadZigzag() : field + (header >> 4);
            if (place == Place.Column && field == ChildCountField && type == Type.Int32)
            {
                _childCounts[column] = ReadZigzag();
            }
            else if (type is not (Type.True or Type.False))
            {
                WalkValue(type, place == Place.File && field == SchemaField ? Place.Column : Place.Elsewhere, depth);
            }
        }
    }

    private void WalkValue(Type type, Place place, int depth)
    {
        switch (type)
        {
            case Type.True or Type.False or Type.Byte:
                Skip(1);
                break;
            case Type.Int16 or Type.Int32 or Type.Int64:
                _ = ReadVarint();
                break;
            case Type.Double:
                Skip(sizeof(double));
                break;
            case Type.Binary:
                Skip(ReadCount());
                break;
            case Type.List or Type.Set:
                byte header = ReadByte();
                int count = header >> 4 == 15 ? ReadCount() : header >> 4;
                WalkItems(count, (Type)(header & 0x0F), null, place, depth + 1);
                break;
            case Type.Map:
                int pairs = ReadCount();
                byte types = pairs == 0 ? (byte)0 : ReadByte();
                WalkItems(pairs, (Type)(types >> 4), (Type)(types & 0x0F), Place.Elsewhere, depth + 1);
                break;
            case Type.Struct:
                WalkStruct(place, depth + 1);
                break;
            default:
                throw Wrong("a type of Thrift", $"{(int)type}");
        }
    }

    private void WalkItems(int count, Type type, Type? second, Place place, int depth)
    {
        RequireDepth(depth);
        for (int item = 0; item < count; item++)
        {
            WalkValue(type, place, depth);
            if (second is { } other)
            {
                WalkValue(other, place, depth);
            }
        }
    }

    private readonly void RequireDepth(int depth)
    {
        if (depth > MaximumDepth)
        {
            throw Wrong($"at most {MaximumDepth} values in each other", "more");
        }
    }

    // A count of what takes a byte at least.
    private int ReadCount()
    {
        ulong count = ReadVarint();
        return count <= (ulong)(_bytes.Length - _position)
            ? (int)count
            : throw Wrong($"at most {_bytes.Length - _position} bytes or items", $"{count}");
    }

    private long ReadZigzag()
    {
        ulong value = ReadVarint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    private ulong ReadVarint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte part = ReadByte();
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }

        throw Wrong("a number of at most 10 bytes", "a longer one");
    }

    private byte ReadByte() =>
        _position < _bytes.Length ? _bytes[_position++] : throw Wrong("more bytes", "the footer's end");

    private void Skip(int count)
    {
        if (count > _bytes.Length - _position)
        {
            throw Wrong($"{count} more bytes", $"{_bytes.Length - _position}");
        }

        _position += count;
    }

    private readonly DatasetException Wrong(string expected, string found) =>
        new($"{_path}, byte {_position} of the footer: expected {expected}, found {found}");
}
