using System.Buffers.Binary;
using System.Text;

namespace Chaku.Model.Tokenizers.HuggingFace;

/// <summary>
/// Reads one message of Protocol Buffers, field by field; every length is checked against what is there.
/// </summary>
/// <param name="file">The file, for messages.</param>
/// <param name="bytes">The message.</param>
/// <param name="start">Where in the file the message begins.</param>
/// <remarks>Source: the Protocol Buffers documentation, "Encoding".</remarks>
internal ref struct ProtobufReader(string file, ReadOnlySpan<byte> bytes, long start)
{
    private const int MaximumVarintLength = 10;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _position;
    private int _wireType;

    /// <summary>The number of the field that was found last.</summary>
    public int Field { get; private set; }

    private readonly long Offset => start + _position;

    /// <summary>Finds the next field; its value has to be read or skipped before the next is asked for.</summary>
    public bool MoveNext()
    {
        if (_position == _bytes.Length)
        {
            return false;
        }

        ulong tag = ReadVarint();
        _wireType = (int)(tag & 7);
        Field = tag >> 3 is > 0 and < 1 << 29 and ulong field
            ? (int)field
            : throw Refuse("a field from 1 to 2^29 − 1", $"{tag >> 3}");
        return true;
    }

    /// <summary>The field's number, with a sign.</summary>
    public long ReadInteger()
    {
        Require(0, "a number");
        return (long)ReadVarint();
    }

    /// <summary>The field's truth value.</summary>
    public bool ReadBoolean() => ReadInteger() != 0;

    /// <summary>The field's number.</summary>
    public float ReadSingle()
    {
        Require(5, "a float");
        return BinaryPrimitives.ReadSingleLittleEndian(Take(sizeof(float)));
    }

    /// <summary>The field's bytes.</summary>
    public ReadOnlySpan<byte> ReadBytes()
    {
        Require(2, "bytes");
        ulong length = ReadVarint();
        return length <= (ulong)(_bytes.Length - _position)
            ? Take((int)length)
            : throw Refuse($"at most {_bytes.Length - _position} more bytes", $"{length}");
    }

    /// <summary>The field's text.</summary>
    public string ReadText()
    {
        ReadOnlySpan<byte> text = ReadBytes();
        try
        {
            return StrictUtf8.GetString(text);
        }
        catch (DecoderFallbackException)
        {
            throw Refuse("UTF-8 before this place", "other bytes");
        }
    }

    /// <summary>The field's message.</summary>
    public ProtobufReader ReadMessage()
    {
        ReadOnlySpan<byte> message = ReadBytes();
        return new(file, message, Offset - message.Length);
    }

    /// <summary>Passes over the field, whatever it is.</summary>
    public void Skip()
    {
        switch (_wireType)
        {
            case 0:
                _ = ReadVarint();
                break;
            case 1:
                _ = Take(sizeof(ulong));
                break;
            case 2:
                _ = ReadBytes();
                break;
            case 5:
                _ = Take(sizeof(uint));
                break;
            default:
                throw Refuse("a wire type of 0, 1, 2 or 5", $"{_wireType}");
        }
    }

    /// <summary>The exception that names this place.</summary>
    public readonly ModelFormatException Refuse(string expected, string found) => new(file, Offset, expected, found);

    private readonly void Require(int wireType, string what)
    {
        if (_wireType != wireType)
        {
            throw Refuse($"{what} in field {Field}, wire type {wireType}", $"{_wireType}");
        }
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > _bytes.Length - _position)
        {
            throw Refuse($"{length} bytes", $"{_bytes.Length - _position}");
        }

        _position += length;
        return _bytes.Slice(_position - length, length);
    }

    private ulong ReadVarint()
    {
        ulong value = 0;
        for (int index = 0; index < MaximumVarintLength; index++)
        {
            byte next = Take(1)[0];
            value |= (ulong)(next & 0x7F) << (7 * index);
            if (next < 0x80)
            {
                return value;
            }
        }

        throw Refuse($"a number of at most {MaximumVarintLength} bytes", "more");
    }
}
