namespace Chaku.Model.Templates.Jinja;

/// <summary>Cuts a template's source into tokens.</summary>
/// <remarks>
/// White space goes as Hugging Face sets Jinja2 up: the first line break behind a statement or a comment
/// (<c>trim_blocks</c>), spaces before one at a line's beginning (<c>lstrip_blocks</c>), one line break at the end of
/// the template; <c>-</c> takes all on its side, <c>+</c> keeps it. Source: Jinja2 3.1, <c>lexer.py</c>.
/// </remarks>
internal sealed class JinjaLexer
{
    private readonly string _source;
    private readonly List<JinjaToken> _tokens = [];
    private int _at;
    private int _line = 1;
    private int _counted;
    private bool _isLineStart = true;

    private JinjaLexer(string source) => _source = source;

    /// <summary>The tokens of a template.</summary>
    /// <exception cref="JinjaSyntaxException">Something is left open, or a character means nothing.</exception>
    public static IReadOnlyList<JinjaToken> Read(string source)
    {
        string lines = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        JinjaLexer lexer = new(lines.EndsWith('\n') ? lines[..^1] : lines);
        lexer.Read();
        return lexer._tokens;
    }

    private void Read()
    {
        while (_at < _source.Length)
        {
            int mark = FindMark();
            int end = mark < 0 ? _source.Length : mark;
            char sign = mark >= 0 && mark + 2 < _source.Length ? _source[mark + 2] : '\0';
            string text = Strip(_source[_at..end], mark, sign);
            if (text.Length > 0)
            {
                Add(TokenKind.Text, text, _at);
            }

            _at = end;
            if (mark >= 0)
            {
                ReadMark(_source[mark + 1], sign is '-' or '+' ? 3 : 2);
            }
        }

        Add(TokenKind.End, "", _source.Length);
    }

    private int FindMark()
    {
        for (int at = _at; (at = _source.IndexOf('{', at)) >= 0; at++)
        {
            if (at + 1 < _source.Length && _source[at + 1] is '{' or '%' or '#')
            {
                return at;
            }
        }

        return -1;
    }

    private string Strip(string text, int mark, char sign)
    {
        if (mark < 0)
        {
            return text;
        }

        if (sign == '-')
        {
            return text[..(text.Length - CountSpaceBack(text, 0))];
        }

        if (sign == '+' || _source[mark + 1] == '{')
        {
            return text;
        }

        int line = text.LastIndexOf('\n') + 1;
        bool isIndent = (line > 0 || _isLineStart) && CountSpaceBack(text, line) == text.Length - line;
        return isIndent ? text[..line] : text;
    }

    private static int CountSpaceBack(string text, int from)
    {
        int end = text.Length;
        while (end > from && Characters.IsSpace(text[end - 1]))
        {
            end--;
        }

        return text.Length - end;
    }

    private void ReadMark(char kind, int length)
    {
        int begin = _at;
        if (kind == '#')
        {
            int end = _source.IndexOf("#}", _at + 2, StringComparison.Ordinal);
            _at = end >= 0 ? end : throw Refuse(begin, "a comment that does not end");
            SkipEnd(_source[end - 1], 2);
        }
        else if (kind == '{')
        {
            Add(TokenKind.PrintBegin, "{{", begin);
            _at += length;
            ReadInside(TokenKind.PrintEnd, "}}");
        }
        else if (TryReadTag(_at, "raw", out int body, out _))
        {
            ReadRaw(begin, body);
        }
        else
        {
            Add(TokenKind.BlockBegin, "{%", begin);
            _at += length;
            ReadInside(TokenKind.BlockEnd, "%}");
        }
    }

    // Goes behind an end mark: '-' before it takes the white space behind it, '+' keeps the line break.
    private void SkipEnd(char sign, int length)
    {
        _at += length;
        if (sign == '-')
        {
            SkipSpace();
        }
        else if (sign != '+' && _at < _source.Length && _source[_at] == '\n')
        {
            _at++;
        }

        _isLineStart = _source[_at - 1] == '\n';
    }

    private void SkipSpace()
    {
        while (_at < _source.Length && Characters.IsSpace(_source[_at]))
        {
            _at++;
        }
    }

    // Whether a tag of one word stands there: where what follows it begins, and the sign before its end.
    private bool TryReadTag(int at, string word, out int behind, out char sign)
    {
        behind = at + 2;
        sign = '\0';
        behind += behind < _source.Length && _source[behind] is '-' or '+' ? 1 : 0;
        behind = SpaceEnd(behind);
        if (string.CompareOrdinal(_source, behind, word, 0, word.Length) != 0)
        {
            return false;
        }

        behind = SpaceEnd(behind + word.Length);
        if (behind < _source.Length && _source[behind] is '-' or '+')
        {
            sign = _source[behind++];
        }

        bool isTag = string.CompareOrdinal(_source, behind, "%}", 0, 2) == 0;
        behind += 2;
        return isTag;
    }

    private int SpaceEnd(int at)
    {
        while (at < _source.Length && Characters.IsSpace(_source[at]))
        {
            at++;
        }

        return at;
    }

    private void ReadRaw(int begin, int body)
    {
        // Unlike other tags, this one keeps the line break behind it.
        _at = body;
        if (_source[body - 3] == '-')
        {
            SkipSpace();
        }

        _isLineStart = _source[_at - 1] == '\n';
        for (int end = _at; (end = _source.IndexOf("{%", end, StringComparison.Ordinal)) >= 0; end++)
        {
            if (TryReadTag(end, "endraw", out int behind, out char sign))
            {
                string text = Strip(_source[_at..end], end, _source[end + 2]);
                Add(TokenKind.Text, text, _at);
                _at = behind - 2;
                SkipEnd(sign, 2);
                return;
            }
        }

        throw Refuse(begin, "a raw block that does not end");
    }

    private void ReadInside(TokenKind endKind, string end)
    {
        int begin = _at;
        Stack<char> open = [];
        while (true)
        {
            SkipSpace();
            if (_at >= _source.Length)
            {
                throw Refuse(begin, $"'{end}' is missing");
            }

            bool isSigned = _source[_at] is '-' || (_source[_at] is '+' && endKind == TokenKind.BlockEnd);
            int endAt = isSigned ? _at + 1 : _at;
            if (open.Count == 0 && string.CompareOrdinal(_source, endAt, end, 0, 2) == 0)
            {
                Add(endKind, end, _at);
                char sign = isSigned ? _source[_at] : '\0';
                _at = endAt;
                SkipEnd(endKind == TokenKind.PrintEnd && sign == '\0' ? '+' : sign, 2);
                return;
            }

            ReadToken(open);
        }
    }

    private void ReadToken(Stack<char> open)
    {
        int begin = _at;
        (TokenKind kind, string text, _at) = LexicalRules.Read(_source, _at)
            ?? throw Refuse(begin, $"{ModelFormatException.Quote(_source[begin].ToString())} means nothing here");
        if (kind == TokenKind.Sign && text[0] is '(' or '[' or '{')
        {
            open.Push(text[0] == '(' ? ')' : text[0] == '[' ? ']' : '}');
        }
        else if (kind == TokenKind.Sign && text[0] is ')' or ']' or '}'
            && (!open.TryPop(out char due) || due != text[0]))
        {
            throw Refuse(begin, $"'{text}' closes nothing");
        }

        Add(kind, text, begin);
    }

    private void Add(TokenKind kind, string text, int at) => _tokens.Add(new(kind, text, LineOf(at)));

    private int LineOf(int at)
    {
        _line += _source.AsSpan(_counted, at - _counted).Count('\n');
        _counted = at;
        return _line;
    }

    private JinjaSyntaxException Refuse(int at, string reason) =>
        new(1 + _source.AsSpan(0, at).Count('\n'), reason);
}
