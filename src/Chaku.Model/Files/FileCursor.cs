using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Chaku.Model.Files;

/// <summary>A place in a file, moved by reading; nothing is read or allocated beyond the bytes that are left.</summary>
internal sealed class FileCursor(MappedFile file)
{
    /// <summary>The most bytes of a key, in the specification; a longer tensor name is no name either.</summary>
    public const int MaximumNameByteLength = ushort.MaxValue;

    private static readonly UTF8Encoding StrictUtf8 =
        new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Bytes from the file's start.</summary>
    public long Position { get; private set; }

    /// <summary>Bytes to the file's end.</summary>
    public long Left => file.Length - Position;

    /// <summary>One value.</summary>
    /// <param name="what">Its name, for messages.</param>
    public T Read<T>(string what)
        where T : unmanaged => MemoryMarshal.Read<T>(ReadBytes(Unsafe.SizeOf<T>(), what));

    /// <summary>The next bytes.</summary>
    public ReadOnlySpan<byte> ReadBytes(int length, string what)
    {
        if (length > Left)
        {
            throw Wrong($"{length} bytes of {what}", $"{Left} bytes to the end of the file");
        }

        ReadOnlySpan<byte> bytes = file.Span(Position, length);
        Position += length;
        return bytes;
    }

    /// <summary>A count whose items are still to come.</summary>
    /// <param name="itemByteLength">The least bytes that an item takes.</param>
    /// <param name="items">The items' name, for messages: "elements of".</param>
    /// <param name="what">What they belong to, for messages.</param>
    public int ReadCount(int itemByteLength, string items, string what)
    {
        long start = Position;
        ulong count = Read<ulong>("a count");
        long most = Math.Min(Left, Array.MaxLength) / itemByteLength;
        return count <= (ulong)most
            ? (int)count
            : throw WrongAt(
                start, $"at most {most} {items} {what}, {Left} bytes before the end of the file", $"{count}");
    }

    /// <summary>A string's bytes.</summary>
    public ReadOnlySpan<byte> ReadString(string what) => ReadBytes(ReadCount(1, "bytes of", what), what);

    /// <summary>A name: a string that must be UTF-8.</summary>
    public string ReadName(string what)
    {
        long start = Position;
        ReadOnlySpan<byte> bytes = ReadString(what);
        if (bytes.Length > MaximumNameByteLength)
        {
            throw WrongAt(start, $"at most {MaximumNameByteLength} bytes of {what}", $"{bytes.Length}");
        }

        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException exception)
        {
            throw WrongAt(start + sizeof(ulong) + exception.Index, $"{what} in UTF-8", "bytes that are none");
        }
    }

    /// <summary>The error at this place.</summary>
    public ModelFormatException Wrong(string expected, string found) => WrongAt(Position, expected, found);

    /// <summary>The error at an earlier place.</summary>
    public ModelFormatException WrongAt(long offset, string expected, string found) =>
        new(file.Path, offset, expected, found);
}
