using System.Text;

namespace Chaku.Model.Tokenizers.Patterns;

/// <summary>Reads what stands for one code point: brackets, escapes, properties.</summary>
internal sealed class PatternSetParser(PatternReader reader)
{
    private const int MaxDepth = 8;
    private const int MaxItems = 1024;
    private int _depth;
    private int _itemCount;

    /// <summary>The set of one code point, or of all that differ from it only in case.</summary>
    public static CodePointSet Single(int codePoint, bool ignoresCase) =>
        ignoresCase ? new(Between(codePoint, codePoint, ignoresCase)) : new(codePoint, codePoint);

    /// <summary>Reads <c>[…]</c>.</summary>
    public CodePointSet ParseBrackets(bool ignoresCase) => new(ReadBrackets(ignoresCase));

    /// <summary>Reads an escape outside of brackets.</summary>
    public CodePointSet ParseEscape(bool ignoresCase)
    {
        int start = reader.Position;
        if (ReadClass() is { } contains)
        {
            return new(contains);
        }

        reader.Return(start);
        return Single(ReadCharacter(), ignoresCase);
    }

    private static Func<int, bool> Between(int first, int last, bool ignoresCase) => ignoresCase
        ? codePoint => IsAnyCaseBetween(codePoint, first, last)
        : codePoint => codePoint >= first && codePoint <= last;

    private static bool IsAnyCaseBetween(int codePoint, int first, int last)
    {
        int lower = CodePoints.Fold(codePoint);
        int upper = Rune.TryCreate(lower, out Rune rune) ? Rune.ToUpperInvariant(rune).Value : lower;
        return (codePoint >= first && codePoint <= last) || (lower >= first && lower <= last)
            || (upper >= first && upper <= last);
    }

    private static Func<int, bool> Not(Func<int, bool> contains) => codePoint => !contains(codePoint);

    private Func<int, bool> ReadBrackets(bool ignoresCase)
    {
        reader.Require("[");
        if (++_depth > MaxDepth)
        {
            throw reader.Refuse($"at most {MaxDepth} brackets inside each other");
        }

        bool isNegative = reader.TryRead("^");
        List<Func<int, bool>> intersected = [];
        List<Func<int, bool>> united = reader.TryRead("]") ? [Between(']', ']', ignoresCase)] : [];
        while (!reader.TryRead("]"))
        {
            if (reader.TryRead("&&"))
            {
                intersected.Add(Union(united));
                united = [];
            }
            else
            {
                united.Add(++_itemCount <= MaxItems
                    ? ReadItem(ignoresCase)
                    : throw reader.Refuse($"at most {MaxItems} items in all brackets"));
            }
        }

        _depth--;
        Func<int, bool>[] all = [.. intersected, Union(united)];
        Func<int, bool> contains =
            all.Length == 1 ? all[0] : codePoint => all.All(contains => contains(codePoint));
        return isNegative ? Not(contains) : contains;
    }

    private static Func<int, bool> Union(List<Func<int, bool>> sets) => sets.Count == 1
        ? sets[0]
        : codePoint =>
        {
            foreach (Func<int, bool> contains in sets)
            {
                if (contains(codePoint))
                {
                    return true;
                }
            }

            return false;
        };

    /// <summary>Reads a character, a range, an escape that is a set, or brackets inside of brackets.</summary>
    private Func<int, bool> ReadItem(bool ignoresCase)
    {
        if (reader.Peek() == '[')
        {
            return reader.TryRead("[:") ? ReadPosix() : ReadBrackets(ignoresCase);
        }

        int start = reader.Position;
        if (reader.Peek() == '\\' && ReadClass() is { } contains)
        {
            return contains;
        }

        reader.Return(start);
        int first = ReadCharacter();
        bool isRange = reader.Peek() == '-' && reader.Peek(1) is not (']' or -1);
        if (!isRange)
        {
            return Between(first, first, ignoresCase);
        }

        reader.Require("-");
        int last = ReadCharacter();
        return first <= last
            ? Between(first, last, ignoresCase)
            : throw reader.Refuse("a range from low to high, before this place");
    }

    private Func<int, bool> ReadPosix()
    {
        bool isNegative = reader.TryRead("^");
        string name = reader.ReadUntil(':');
        reader.Require("]");
        Func<int, bool>? contains = name switch
        {
            "alpha" => CodePointProperties.Find("L"),
            "digit" => CodePointProperties.Find("Nd"),
            "upper" => CodePointProperties.Find("Lu"),
            "lower" => CodePointProperties.Find("Ll"),
            "punct" => CodePointProperties.Find("P"),
            "space" => CodePoints.IsWhiteSpace,
            "word" => CodePoints.IsWord,
            _ => null,
        };
        return contains is null ? throw reader.Refuse("a bracket class that is known, before this place")
            : isNegative ? Not(contains)
            : contains;
    }

    /// <summary>
    /// Reads an escape that stands for many code points; null, with part of it read, where it is another.
    /// </summary>
    private Func<int, bool>? ReadClass()
    {
        reader.Require("\\");
        return reader.Read() switch
        {
            's' => CodePoints.IsWhiteSpace,
            'S' => Not(CodePoints.IsWhiteSpace),
            'd' => CodePointProperties.Find("Nd"),
            'D' => Not(CodePointProperties.Find("Nd")!),
            'w' => CodePoints.IsWord,
            'W' => Not(CodePoints.IsWord),
            'h' => static codePoint => codePoint < 0x80 && char.IsAsciiHexDigit((char)codePoint),
            'H' => static codePoint => codePoint >= 0x80 || !char.IsAsciiHexDigit((char)codePoint),
            'p' => ReadProperty(isNegative: false),
            'P' => ReadProperty(isNegative: true),
            _ => null,
        };
    }

    private Func<int, bool> ReadProperty(bool isNegative)
    {
        string name = new Rune(reader.Peek() is '{' or -1 ? '?' : reader.Read()).ToString();
        if (reader.TryRead("{"))
        {
            isNegative ^= reader.TryRead("^");
            name = reader.ReadUntil('}');
        }

        Func<int, bool> contains = CodePointProperties.Find(name)
            ?? throw reader.Refuse("a Unicode property that is known, before this place");
        return isNegative ? Not(contains) : contains;
    }

    private int ReadCharacter()
    {
        int character = reader.Read();
        return character == '\\' ? ReadEscapedCharacter() : character;
    }

    private int ReadEscapedCharacter()
    {
        int letter = reader.Read();
        switch (letter)
        {
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'f':
                return '\f';
            case 'v':
                return '\v';
            case 'a':
                return '\a';
            case 'e':
                return 0x1B;
            case 'x' or 'u' when reader.TryRead("{"):
                int value = reader.ReadHexadecimal(8);
                reader.Require("}");
                return value;
            case 'x':
                return reader.ReadHexadecimal(2);
            case 'u':
                return reader.ReadHexadecimal(4);
            default:
                bool isPlain = letter >= 0x80 || !char.IsAsciiLetterOrDigit((char)letter);
                return isPlain
                    ? letter
                    : throw reader.Refuse(
                        $"no escape '\\{(char)letter}', before this place");
        }
    }
}
