using System.Buffers.Binary;
using System.Text;

namespace Chaku.Model.Files;

/// <summary>The bytes of a pickle, read from first to last; nothing is read beyond them.</summary>
/// <param name="file">The file that it is in.</param>
/// <param name="record">Where it lies; at most 2 GiB.</param>
internal sealed class PickleInput(MappedFile file, PyTorchRecord record)
{
    private const int MostNameBytes = 256;

    private static readonly UTF8Encoding StrictUtf8 =
        new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly byte[] _bytes = file.Span(record.Offset, (int)record.ByteLength).ToArray();
    private int _read;

    /// <summary>The next byte, from the file's start.</summary>
    public long Position => record.Offset + _read;

    /// <summary>Bytes to the pickle's end.</summary>
    public int Left => _bytes.Length - _read;

    /// <summary>The next bytes.</summary>
    public ReadOnlySpan<byte> ReadBytes(uint length)
    {
        if (length > (uint)Left)
        {
            throw Wrong($"{length} bytes", $"{Left} to the pickle's end");
        }

        ReadOnlySpan<byte> bytes = _bytes.AsSpan(_read, (int)length);
        _read += (int)length;
        return bytes;
    }

    /// <summary>A byte.</summary>
    public byte ReadByte() => ReadBytes(1)[0];

    /// <summary>An unsigned number of four bytes.</summary>
    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(ReadBytes(sizeof(uint)));

    /// <summary>A number of some bytes, the lowest first and the sign in the highest.</summary>
    public long ReadInteger(uint byteLength)
    {
        if (byteLength > sizeof(long))
        {
            throw Wrong($"a number of at most {sizeof(long)} bytes", $"one of {byteLength}");
        }

        ReadOnlySpan<byte> bytes = ReadBytes(byteLength);
        long number = bytes.Length > 0 && bytes[^1] > sbyte.MaxValue ? -1 : 0;
        for (int i = bytes.Length - 1; i >= 0; i--)
        {
            number = (number << 8) | bytes[i];
        }

        return number;
    }

    /// <summary>A float64, its highest byte first.</summary>
    public double ReadDouble() => BinaryPrimitives.ReadDoubleBigEndian(ReadBytes(sizeof(double)));

    /// <summary>Text of some bytes.</summary>
    public string ReadText(uint byteLength)
    {
        long start = Position;
        try
        {
            return StrictUtf8.GetString(ReadBytes(byteLength));
        }
        catch (DecoderFallbackException exception)
        {
            throw new ModelFormatException(file.Path, start, "text in UTF-8", "bytes that are none", exception);
        }
    }

    /// <summary>Text to the end of the line.</summary>
    public string ReadLine()
    {
        int length = _bytes.AsSpan(_read, Math.Min(Left, MostNameBytes)).IndexOf((byte)'\n');
        if (length < 0)
        {
            throw Wrong($"a name of at most {MostNameBytes - 1} bytes and the end of its line", "no end");
        }

        string line = ReadText((uint)length);
        _read++;
        return line;
    }

    /// <summary>Passes over the length of a frame, which says only how much Python reads at once.</summary>
    public void SkipFrame()
    {
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(ReadBytes(sizeof(ulong)));
        if (length > (ulong)Left)
        {
            throw Wrong($"a frame within the {Left} bytes of the pickle", $"one of {length}");
        }
    }

    private ModelFormatException Wrong(string expected, string found) => new(file.Path, Position, expected, found);
}
