using System.Globalization;
using System.Text;

namespace Chaku.Model.Templates.Jinja;

/// <summary>Reads expressions. Source of the grammar: Jinja2 3.1, <c>parser.py</c>.</summary>
/// <param name="reader">The tokens.</param>
internal sealed class ExpressionParser(TokenReader reader)
{
    private static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">="];

    // Operators of one rank, the loosest first; all of them group from the left.
    private static readonly string[][] Ranks = [["+", "-"], ["~"], ["*", "/", "//", "%"], ["**"]];

    /// <summary>The names that have been read: what a macro's body asks for.</summary>
    public HashSet<string> NamesSeen { get; } = new(StringComparer.Ordinal);

    private PrimaryParser Primaries => field ??= new(reader, this);

    /// <summary>An expression; a tuple where commas follow.</summary>
    /// <param name="takesIf">Whether an <c>if</c> behind it belongs to it.</param>
    public Expression ReadTuple(bool takesIf = true)
    {
        int line = reader.Line;
        List<Expression> items = [];
        bool hasComma = false;
        while (!EndsTuple() || (items.Count == 0 && !hasComma))
        {
            items.Add(takesIf ? Read() : reader.Nest(ReadOr));
            if (!reader.TakeSign(","))
            {
                break;
            }

            hasComma = true;
        }

        return hasComma ? new ListExpression(line, items, SequenceKind.Tuple) : items[0];
    }

    /// <summary>An expression.</summary>
    public Expression Read() => reader.Nest(ReadConditional);

    /// <summary>A filter and its arguments, behind the bar or the word.</summary>
    public FilterExpression ReadFilter(Expression? target)
    {
        int line = reader.Line;
        StringBuilder name = new(reader.ExpectName("a filter's name"));
        while (reader.TakeSign("."))
        {
            _ = name.Append('.').Append(reader.ExpectName("a filter's name"));
        }

        return new(line, target, name.ToString(), reader.Current.IsSign("(") ? ReadArguments() : ArgumentList.Empty);
    }

    /// <summary>What stands behind a value: attributes, items, calls.</summary>
    public Expression ReadPostfix(Expression target)
    {
        while (true)
        {
            int line = reader.Line;
            if (reader.TakeSign("."))
            {
                target = ReadDot(line, target);
            }
            else if (reader.TakeSign("["))
            {
                target = ReadSubscript(line, target);
            }
            else if (reader.Current.IsSign("("))
            {
                target = new CallExpression(line, target, ReadArguments());
            }
            else
            {
                return target;
            }
        }
    }

    private bool EndsTuple() => reader.Current is { Kind: TokenKind.BlockEnd or TokenKind.PrintEnd }
        || reader.Current.IsSign(")") || reader.Current.IsName("in");

    private Expression ReadConditional()
    {
        Expression then = ReadOr();
        while (reader.Current.IsName("if"))
        {
            int line = reader.Take().Line;
            Expression condition = ReadOr();
            then = new ConditionalExpression(line, condition, then, reader.TakeName("else") ? Read() : null);
        }

        return then;
    }

    private Expression ReadOr()
    {
        Expression left = ReadAnd();
        for (int line = reader.Line; reader.TakeName("or"); line = reader.Line)
        {
            left = new LogicalExpression(line, isAnd: false, left, ReadAnd());
        }

        return left;
    }

    private Expression ReadAnd()
    {
        Expression left = ReadNot();
        for (int line = reader.Line; reader.TakeName("and"); line = reader.Line)
        {
            left = new LogicalExpression(line, isAnd: true, left, ReadNot());
        }

        return left;
    }

    private Expression ReadNot()
    {
        int line = reader.Line;
        return reader.TakeName("not") ? new NotExpression(line, reader.Nest(ReadNot)) : ReadComparison();
    }

    private Expression ReadComparison()
    {
        int line = reader.Line;
        Expression first = ReadOperators(0);
        List<(string Sign, Expression Operand)> others = [];
        while (TakeComparison() is { } sign)
        {
            others.Add((sign, ReadOperators(0)));
        }

        return others.Count == 0 ? first : new ComparisonExpression(line, first, others);
    }

    private string? TakeComparison()
    {
        JinjaToken token = reader.Current;
        if (token.Kind == TokenKind.Sign && Comparisons.Contains(token.Text))
        {
            return reader.Take().Text;
        }

        if (token.IsName("not") && reader.Following.IsName("in"))
        {
            _ = reader.Take();
            _ = reader.Take();
            return "not in";
        }

        return reader.TakeName("in") ? "in" : null;
    }

    private Expression ReadOperators(int rank)
    {
        if (rank == Ranks.Length)
        {
            return ReadSigned(takesFilters: true);
        }

        Expression left = ReadOperators(rank + 1);
        while (reader.Current.Kind == TokenKind.Sign && Ranks[rank].Contains(reader.Current.Text))
        {
            JinjaToken sign = reader.Take();
            left = new OperatorExpression(sign.Line, Arithmetic.Operators[sign.Text], left, ReadOperators(rank + 1));
        }

        return left;
    }

    private Expression ReadSigned(bool takesFilters)
    {
        int line = reader.Line;
        bool isMinus = reader.Current.IsSign("-");
        Expression value = isMinus || reader.Current.IsSign("+")
            ? new SignExpression(line, isMinus, ReadOperand())
            : Primaries.Read();
        value = ReadPostfix(value);
        return takesFilters ? ReadFiltersAndTests(value) : value;
    }

    private Expression ReadOperand()
    {
        _ = reader.Take();
        return reader.Nest(() => ReadSigned(takesFilters: false));
    }

    private Expression ReadFiltersAndTests(Expression value)
    {
        while (true)
        {
            if (reader.TakeSign("|"))
            {
                value = ReadFilter(value);
            }
            else if (reader.Current.IsName("is"))
            {
                value = ReadTest(value);
            }
            else if (reader.Current.IsSign("("))
            {
                value = new CallExpression(reader.Line, value, ReadArguments());
            }
            else
            {
                return value;
            }
        }
    }

    private Expression ReadTest(Expression target)
    {
        int line = reader.Take().Line;
        bool isNegated = reader.TakeName("not");
        string name = reader.ExpectName("a test's name");
        JinjaToken next = reader.Current;
        bool hasArgument = next.Kind is TokenKind.Name or TokenKind.String or TokenKind.Integer or TokenKind.Float
            || next.IsSign("[") || next.IsSign("{");
        bool isKeyword = next.Kind == TokenKind.Name && next.Text is "else" or "or" or "and" or "if" or "in" or "not";
        ArgumentList arguments = ArgumentList.Empty;
        if (next.IsSign("("))
        {
            arguments = ReadArguments();
        }
        else if (next.IsName("is"))
        {
            throw reader.Refuse("tests cannot be chained");
        }
        else if (hasArgument && !isKeyword)
        {
            arguments = new([ReadPostfix(Primaries.Read())], []);
        }

        TestExpression test = new(line, target, name, arguments);
        return isNegated ? new NotExpression(line, test) : test;
    }

    private Expression ReadDot(int line, Expression target)
    {
        JinjaToken token = reader.Take();
        return token.Kind switch
        {
            TokenKind.Name => new AttributeExpression(line, target, token.Text),
            TokenKind.Integer => new ItemExpression(
                line, target, new Literal(line, long.Parse(token.Text, CultureInfo.InvariantCulture))),
            _ => throw new JinjaSyntaxException(line, $"expected a name behind '.', got {token.Describe()}"),
        };
    }

    private Expression ReadSubscript(int line, Expression target)
    {
        Expression? start = reader.Current.IsSign(":") ? null : Read();
        if (!reader.TakeSign(":"))
        {
            if (reader.TakeSign(","))
            {
                start = new ListExpression(line, [start!, .. Primaries.ReadItems("]")], SequenceKind.Tuple);
                return new ItemExpression(line, target, start);
            }

            reader.ExpectSign("]");
            return new ItemExpression(line, target, start!);
        }

        Expression? stop = reader.Current.IsSign("]") || reader.Current.IsSign(":") ? null : Read();
        Expression? step = reader.TakeSign(":") && !reader.Current.IsSign("]") ? Read() : null;
        reader.ExpectSign("]");
        return new SliceExpression(line, target, start, stop, step);
    }

    private ArgumentList ReadArguments()
    {
        reader.ExpectSign("(");
        List<Expression> positional = [];
        List<(string Name, Expression Value)> named = [];
        Expression? spread = null;
        Expression? spreadNamed = null;
        while (!reader.TakeSign(")"))
        {
            if (reader.TakeSign("*"))
            {
                spread = Read();
            }
            else if (reader.TakeSign("**"))
            {
                spreadNamed = Read();
            }
            else if (reader.Current.Kind == TokenKind.Name && reader.Following.IsSign("="))
            {
                string name = reader.Take().Text;
                _ = reader.Take();
                named.Add((name, Read()));
            }
            else
            {
                positional.Add(named.Count == 0
                    ? Read()
                    : throw reader.Refuse("an argument without a name behind one with a name"));
            }

            if (!reader.Current.IsSign(")"))
            {
                reader.ExpectSign(",");
            }
        }

        return new(positional, named, spread, spreadNamed);
    }
}
