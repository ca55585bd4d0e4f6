namespace Chaku.Model.Templates.Jinja;

/// <summary>Reads a template: text, prints and statements.</summary>
internal sealed class StatementParser
{
    private static readonly string[] Unsupported =
        ["autoescape", "block", "do", "extends", "from", "import", "include", "trans"];

    private readonly TokenReader _reader;
    private readonly ExpressionParser _expressions;
    private readonly Dictionary<string, Func<int, Statement>> _tags;
    private int _loops;

    private StatementParser(TokenReader reader)
    {
        _reader = reader;
        _expressions = new(reader);
        _tags = new(StringComparer.Ordinal)
        {
            ["for"] = ReadLoop,
            ["if"] = ReadIf,
            ["set"] = ReadSet,
            ["macro"] = ReadMacro,
            ["call"] = ReadCall,
            ["filter"] = ReadFilter,
            ["with"] = ReadWith,
            ["generation"] = ReadGeneration,
            ["break"] = line => ReadJump(line, Flow.Break),
            ["continue"] = line => ReadJump(line, Flow.Continue),
        };
    }

    /// <summary>Whether a <c>generation</c> block stands in it.</summary>
    private bool HasGeneration { get; set; }

    /// <summary>The statements of a template.</summary>
    /// <exception cref="JinjaSyntaxException">It breaks the language's rules.</exception>
    public static (Block Body, bool HasGeneration) Read(string source)
    {
        StatementParser parser = new(new TokenReader(JinjaLexer.Read(source)));
        Block body = parser.ReadBody();
        return parser._reader.Current.Kind == TokenKind.End
            ? (body, parser.HasGeneration)
            : throw parser._reader.Refuse($"'{parser._reader.Following.Text}' ends nothing");
    }

    // Up to one of the tags that end it, or the template's end.
    private Block ReadBody(params string[] ends)
    {
        List<Statement> statements = [];
        while (_reader.Current.Kind != TokenKind.End)
        {
            int line = _reader.Line;
            switch (_reader.Current.Kind)
            {
                case TokenKind.Text:
                    statements.Add(new TextStatement(line, _reader.Take().Text));
                    break;
                case TokenKind.PrintBegin:
                    _ = _reader.Take();
                    statements.Add(new PrintStatement(line, _expressions.ReadTuple()));
                    _ = _reader.Expect(TokenKind.PrintEnd, "'}}'");
                    break;
                default:
                    if (ends.Contains(_reader.Following.Text))
                    {
                        return new(statements);
                    }

                    statements.Add(_reader.Nest(ReadTag));
                    break;
            }
        }

        return ends.Length == 0 ? new(statements) : throw _reader.Refuse($"expected '{ends[^1]}' before the end");
    }

    // Behind its body, the tag that ends it.
    private Block ReadBodyAndEnd(string end)
    {
        Block body = ReadBody(end);
        _ = TakeTag();
        EndTag();
        return body;
    }

    private string TakeTag()
    {
        _ = _reader.Take();
        return _reader.ExpectName("a tag's name");
    }

    private void EndTag() => _ = _reader.Expect(TokenKind.BlockEnd, "'%}'");

    private Statement ReadTag()
    {
        int line = _reader.Line;
        string tag = TakeTag();
        if (_tags.TryGetValue(tag, out Func<int, Statement>? read))
        {
            return read(line);
        }

        throw new JinjaSyntaxException(line, Unsupported.Contains(tag)
            ? $"the tag '{tag}' is not supported"
            : $"there is no tag {ModelFormatException.Quote(tag)} here");
    }

    private LoopStatement ReadLoop(int line)
    {
        Target target = ReadTargets();
        Expression items = _reader.TakeName("in")
            ? _expressions.ReadTuple(takesIf: false)
            : throw _reader.Refuse($"expected 'in', got {_reader.Current.Describe()}");
        Expression? condition = _reader.TakeName("if") ? _expressions.Read() : null;
        if (_reader.Current.IsName("recursive"))
        {
            throw _reader.Refuse("recursive loops are not supported");
        }

        EndTag();
        _loops++;
        Block body = ReadBody("else", "endfor");
        _loops--;
        bool hasElse = TakeTag() == "else";
        EndTag();
        return new(line, target, items, condition, body, hasElse ? ReadBodyAndEnd("endfor") : new([]));
    }

    private IfStatement ReadIf(int line)
    {
        List<(Expression Condition, Block Body)> branches = [];
        string tag;
        do
        {
            Expression condition = _expressions.ReadTuple(takesIf: false);
            EndTag();
            branches.Add((condition, ReadBody("elif", "else", "endif")));
            tag = TakeTag();
        }
        while (tag == "elif");
        EndTag();
        return new(line, branches, tag == "else" ? ReadBodyAndEnd("endif") : new([]));
    }

    private Statement ReadSet(int line)
    {
        Target target = ReadTargets();
        if (_reader.TakeSign("="))
        {
            Expression value = _expressions.ReadTuple();
            EndTag();
            return new SetStatement(line, target, value);
        }

        FilterExpression? filter = ReadFilters();
        EndTag();
        return new SetBlockStatement(line, target, filter, ReadBodyAndEnd("endset"));
    }

    private FilterExpression? ReadFilters(FilterExpression? first = null)
    {
        FilterExpression? filter = first;
        while (_reader.TakeSign("|"))
        {
            filter = _expressions.ReadFilter(filter);
        }

        return filter;
    }

    private FilterStatement ReadFilter(int line)
    {
        FilterExpression filter = ReadFilters(_expressions.ReadFilter(target: null))!;
        EndTag();
        return new(line, filter, ReadBodyAndEnd("endfilter"));
    }

    private WithStatement ReadWith(int line)
    {
        List<(Target Target, Expression Value)> variables = [];
        while (_reader.Current.Kind != TokenKind.BlockEnd)
        {
            Target target = ReadTarget();
            _reader.ExpectSign("=");
            variables.Add((target, _expressions.Read()));
            if (_reader.Current.Kind != TokenKind.BlockEnd)
            {
                _reader.ExpectSign(",");
            }
        }

        EndTag();
        return new(line, variables, ReadBodyAndEnd("endwith"));
    }

    private GenerationStatement ReadGeneration(int line)
    {
        EndTag();
        HasGeneration = true;
        return new(line, ReadBodyAndEnd("endgeneration"));
    }

    private JumpStatement ReadJump(int line, Flow flow)
    {
        EndTag();
        return _loops > 0
            ? new(line, flow)
            : throw new JinjaSyntaxException(line, "'break' and 'continue' belong in a loop");
    }

    private MacroStatement ReadMacro(int line)
    {
        string name = _reader.ExpectName("a macro's name");
        List<(string Name, Expression? Default)> parameters = ReadParameters();
        EndTag();
        return new(line, ReadMacroBody(name, parameters, "endmacro"));
    }

    private CallStatement ReadCall(int line)
    {
        List<(string Name, Expression? Default)> parameters = _reader.Current.IsSign("(") ? ReadParameters() : [];
        if (_expressions.Read() is not CallExpression call)
        {
            throw new JinjaSyntaxException(line, "expected a macro's call");
        }

        EndTag();
        return new(line, call, ReadMacroBody("caller", parameters, "endcall"));
    }

    private MacroDefinition ReadMacroBody(
        string name, IReadOnlyList<(string Name, Expression? Default)> parameters, string end)
    {
        HashSet<string> outer = [.. _expressions.NamesSeen];
        int loops = _loops;
        _expressions.NamesSeen.Clear();
        _loops = 0;
        Block body = ReadBodyAndEnd(end);
        HashSet<string> seen = [.. _expressions.NamesSeen];
        _expressions.NamesSeen.UnionWith(outer);
        _loops = loops;
        return new(
            name, parameters, body, seen.Contains("caller"), seen.Contains("varargs"), seen.Contains("kwargs"));
    }

    private List<(string Name, Expression? Default)> ReadParameters()
    {
        _reader.ExpectSign("(");
        List<(string Name, Expression? Default)> parameters = [];
        if (_reader.TakeSign(")"))
        {
            return parameters;
        }

        do
        {
            string name = _reader.ExpectName("a parameter's name");
            Expression? otherwise = _reader.TakeSign("=") ? _expressions.Read() : null;
            if (otherwise is null && parameters.Count > 0 && parameters[^1].Default is not null)
            {
                throw _reader.Refuse("a parameter that must be given behind one that need not");
            }

            parameters.Add((name, otherwise));
        }
        while (_reader.TakeSign(","));
        _reader.ExpectSign(")");
        return parameters;
    }

    private Target ReadTargets()
    {
        Target first = ReadTarget();
        if (!_reader.TakeSign(","))
        {
            return first;
        }

        List<Target> targets = [first];
        do
        {
            if (_reader.Current.Kind != TokenKind.Name && !_reader.Current.IsSign("("))
            {
                break;
            }

            targets.Add(ReadTarget());
        }
        while (_reader.TakeSign(","));
        return new TupleTarget(targets);
    }

    private Target ReadTarget()
    {
        if (_reader.TakeSign("("))
        {
            Target inside = _reader.Nest(ReadTargets);
            _reader.ExpectSign(")");
            return inside;
        }

        JinjaToken name = _reader.Expect(TokenKind.Name, "a variable's name");
        return _reader.TakeSign(".")
            ? new NamespaceTarget(new NameExpression(name.Line, name.Text), _reader.ExpectName())
            : new NameTarget(name.Text);
    }
}
