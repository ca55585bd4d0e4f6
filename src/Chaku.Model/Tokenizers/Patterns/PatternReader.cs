using System.Globalization;
using System.Text;

namespace Chaku.Model.Tokenizers.Patterns;

/// <summary>A pattern's code points, and the place the parser has come to.</summary>
internal sealed class PatternReader
{
    /// <summary>Far longer than any real pattern; it bounds what a file can make us build.</summary>
    private const int MaxLength = 16384;

    private readonly int[] _codePoints;

    public PatternReader(string pattern)
    {
        if (pattern.Length > MaxLength)
        {
            throw new FormatException($"expected a pattern of at most {MaxLength} characters, got {pattern.Length}");
        }

        _codePoints = [.. pattern.EnumerateRunes().Select(static rune => rune.Value)];
    }

    /// <summary>Code points read so far.</summary>
    public int Position { get; private set; }

    /// <summary>Whether all has been read.</summary>
    public bool IsAtEnd => Position == _codePoints.Length;

    /// <summary>The code point that is <paramref name="ahead"/> further on, or −1.</summary>
    public int Peek(int ahead = 0) => Position + ahead < _codePoints.Length ? _codePoints[Position + ahead] : -1;

    /// <summary>The next code point.</summary>
    public int Read() => IsAtEnd ? throw Refuse("more after this place") : _codePoints[Position++];

    /// <summary>Reads these characters if they come next.</summary>
    public bool TryRead(string expected)
    {
        for (int index = 0; index < expected.Length; index++)
        {
            if (Peek(index) != expected[index])
            {
                return false;
            }
        }

        Position += expected.Length;
        return true;
    }

    /// <summary>Reads these characters, or refuses the pattern.</summary>
    public void Require(string expected)
    {
        if (!TryRead(expected))
        {
            throw Refuse($"'{expected}'");
        }
    }

    /// <summary>Reads up to the character, which is read too.</summary>
    public string ReadUntil(char end)
    {
        StringBuilder text = new();
        for (int next; (next = Read()) != end;)
        {
            _ = text.Append(new Rune(next));
        }

        return text.ToString();
    }

    /// <summary>Reads a number in decimal digits, if there is one; more than 9 digits are refused.</summary>
    public int? ReadNumber()
    {
        int start = Position;
        int value = 0;
        while (Peek() is >= '0' and <= '9')
        {
            if (Position - start == 9)
            {
                throw Refuse("a number of at most 9 digits");
            }

            value = (value * 10) + (Read() - '0');
        }

        return Position == start ? null : value;
    }

    /// <summary>Reads a code point in hexadecimal: up to <paramref name="digits"/> digits, at least one.</summary>
    public int ReadHexadecimal(int digits)
    {
        StringBuilder text = new();
        while (text.Length < digits && Peek() is >= 0 and < 128 && char.IsAsciiHexDigit((char)Peek()))
        {
            _ = text.Append((char)Read());
        }

        bool isNumber = int.TryParse(
            text.ToString(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out int value);
        return isNumber && value is >= 0 and < CodePoints.Count ? value : throw Refuse("a code point in hexadecimal");
    }

    /// <summary>Goes back to a place that has been read before.</summary>
    public void Return(int position) => Position = position;

    /// <summary>The exception that names the place.</summary>
    public FormatException Refuse(string expected) => new(
        $"expected {expected} at character {Position} of the pattern, got "
        + (IsAtEnd ? "its end" : $"U+{Peek():X4}"));
}
