namespace Chaku.Model.Tokenizers.Patterns;

/// <summary>Reads the regular expressions that tokenizers are defined with.</summary>
/// <remarks>
/// The meaning is Oniguruma's in its Ruby syntax, which is what reads a <c>tokenizer.json</c>: <c>^</c> and <c>$</c>
/// are about lines, <c>a{2}+</c> is <c>(?:a{2})+</c>, and <c>a{2}?</c> is <c>(?:a{2})?</c>. Captures are only groups.
/// What looks back, refers back or is conditional is refused, and so is the endless repetition of what can match
/// nothing. Source: Oniguruma, doc/RE.
/// </remarks>
internal sealed class PatternParser
{
    private const int MaxDepth = 32;
    private const int MaxCount = 1000;
    private readonly PatternReader _reader;
    private readonly PatternSetParser _sets;
    private bool _ignoresCase;
    private int _depth;

    private PatternParser(string pattern)
    {
        _reader = new(pattern);
        _sets = new(_reader);
    }

    /// <summary>Parses the whole pattern.</summary>
    /// <exception cref="FormatException">It cannot be read; the message says where.</exception>
    public static PatternNode Parse(string pattern)
    {
        PatternParser parser = new(pattern);
        PatternNode node = parser.ParseChoice();
        return parser._reader.IsAtEnd ? node : throw parser._reader.Refuse("no ')' without its '('");
    }

    private PatternNode ParseChoice()
    {
        if (++_depth > MaxDepth)
        {
            throw _reader.Refuse($"at most {MaxDepth} groups inside each other");
        }

        bool ignoredCase = _ignoresCase;
        List<PatternNode> options = [ParseSequence()];
        while (_reader.TryRead("|"))
        {
            options.Add(ParseSequence());
        }

        _ignoresCase = ignoredCase;
        _depth--;
        return options.Count == 1 ? options[0] : new ChoiceNode(options);
    }

    private SequenceNode ParseSequence()
    {
        List<PatternNode> parts = [];
        while (!_reader.IsAtEnd && _reader.Peek() is not ('|' or ')'))
        {
            if (ParseAtom() is { } atom)
            {
                parts.Add(ParseRepeats(atom));
            }
        }

        return new(parts);
    }

    /// <summary>One thing that can be repeated; null for a group that only sets an option.</summary>
    private PatternNode? ParseAtom() => _reader.Peek() switch
    {
        '(' => ParseGroup(),
        '[' => new SetNode(_sets.ParseBrackets(_ignoresCase)),
        '\\' => ParseEscape(),
        '*' or '+' or '?' => throw _reader.Refuse("something to repeat"),
        '^' => ReadPlace(1, PlaceKind.LineStart),
        '$' => ReadPlace(1, PlaceKind.LineEnd),
        '.' => ReadDot(),
        _ => new SetNode(PatternSetParser.Single(_reader.Read(), _ignoresCase)),
    };

    private SetNode ReadDot()
    {
        _ = _reader.Read();
        return new(new(static codePoint => codePoint != '\n'));
    }

    private PatternNode ParseEscape() => _reader.Peek(1) switch
    {
        'A' => ReadPlace(2, PlaceKind.TextStart),
        'z' => ReadPlace(2, PlaceKind.TextEnd),
        'b' => ReadPlace(2, PlaceKind.WordBoundary),
        'B' => ReadPlace(2, PlaceKind.NoWordBoundary),
        _ => new SetNode(_sets.ParseEscape(_ignoresCase)),
    };

    private PlaceNode ReadPlace(int length, PlaceKind kind)
    {
        for (; length > 0; length--)
        {
            _ = _reader.Read();
        }

        return new(kind);
    }

    private PatternNode? ParseGroup()
    {
        _reader.Require("(");
        return _reader.TryRead("?=") ? new LookAheadNode(ParseGroupBody(), IsNegative: false)
            : _reader.TryRead("?!") ? new LookAheadNode(ParseGroupBody(), IsNegative: true)
            : _reader.TryRead("?>") ? new AtomicNode(ParseGroupBody())
            : _reader.TryRead("?") && !_reader.TryRead(":") ? ParseOptions()
            : ParseGroupBody();
    }

    private PatternNode ParseGroupBody()
    {
        PatternNode body = ParseChoice();
        _reader.Require(")");
        return body;
    }

    /// <summary>Reads <c>i:…)</c>, <c>-i:…)</c>, or <c>i)</c>, which holds to the end of the group around it.</summary>
    private PatternNode? ParseOptions()
    {
        bool outside = _ignoresCase;
        _ignoresCase = !_reader.TryRead("-");
        _reader.Require("i");
        if (_reader.TryRead(")"))
        {
            return null;
        }

        _reader.Require(":");
        PatternNode body = ParseGroupBody();
        _ignoresCase = outside;
        return body;
    }

    private PatternNode ParseRepeats(PatternNode node)
    {
        while (TryReadCounts(out int minimum, out int maximum, out bool isBraced))
        {
            bool isExact = isBraced && minimum == maximum;
            RepeatMode mode = !isExact && _reader.TryRead("?") ? RepeatMode.Lazy
                : !isBraced && _reader.TryRead("+") ? RepeatMode.Possessive
                : RepeatMode.Greedy;
            if (maximum == int.MaxValue && node.IsNullable)
            {
                throw _reader.Refuse("no endless repetition, before this place, of what can match nothing");
            }

            node = new RepeatNode(node, minimum, maximum, mode);
        }

        return node;
    }

    private bool TryReadCounts(out int minimum, out int maximum, out bool isBraced)
    {
        (minimum, maximum, isBraced) = (0, int.MaxValue, false);
        switch (_reader.Peek())
        {
            case '*':
                _ = _reader.Read();
                return true;
            case '+':
                _ = _reader.Read();
                minimum = 1;
                return true;
            case '?':
                _ = _reader.Read();
                maximum = 1;
                return true;
            case '{':
                isBraced = true;
                return TryReadBraces(out minimum, out maximum);
            default:
                return false;
        }
    }

    /// <summary>Reads <c>{n}</c>, <c>{n,}</c>, <c>{,m}</c>, <c>{n,m}</c>; other braces are plain characters.</summary>
    private bool TryReadBraces(out int minimum, out int maximum)
    {
        int start = _reader.Position;
        _reader.Require("{");
        int? low = _reader.ReadNumber();
        bool hasComma = _reader.TryRead(",");
        int? high = hasComma ? _reader.ReadNumber() : low;
        minimum = low ?? 0;
        maximum = high ?? int.MaxValue;
        if ((low is null && high is null) || !_reader.TryRead("}"))
        {
            _reader.Return(start);
            return false;
        }

        return minimum <= maximum && minimum <= MaxCount && (high is null || maximum <= MaxCount)
            ? true
            : throw _reader.Refuse($"counts up to {MaxCount}, the smaller first, before this place");
    }
}
