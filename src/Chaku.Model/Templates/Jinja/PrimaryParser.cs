using System.Globalization;
using System.Text;

namespace Chaku.Model.Templates.Jinja;

/// <summary>Reads what expressions are made of: names, literals, and what stands in brackets.</summary>
/// <param name="reader">The tokens.</param>
/// <param name="expressions">Reads what stands inside.</param>
internal sealed class PrimaryParser(TokenReader reader, ExpressionParser expressions)
{
    private static readonly Dictionary<string, object?> Constants = new()
    {
        ["true"] = true,
        ["True"] = true,
        ["false"] = false,
        ["False"] = false,
        ["none"] = null,
        ["None"] = null,
    };

    /// <summary>A name, a literal or what stands in brackets.</summary>
    public Expression Read()
    {
        JinjaToken token = reader.Take();
        switch (token.Kind)
        {
            case TokenKind.Name:
                _ = expressions.NamesSeen.Add(token.Text);
                return Constants.TryGetValue(token.Text, out object? constant)
                    ? new Literal(token.Line, constant)
                    : new NameExpression(token.Line, token.Text);
            case TokenKind.String:
                return ReadStrings(token);
            case TokenKind.Integer:
                return long.TryParse(token.Text, NumberStyles.None, CultureInfo.InvariantCulture, out long whole)
                    ? new Literal(token.Line, whole)
                    : throw new JinjaSyntaxException(token.Line, $"{token.Text} has more than 64 bits");
            case TokenKind.Float:
                return new Literal(token.Line, double.Parse(token.Text, CultureInfo.InvariantCulture));
            case TokenKind.Sign when token.Text == "(":
                return ReadParentheses(token.Line);
            case TokenKind.Sign when token.Text == "[":
                return new ListExpression(token.Line, ReadItems("]"), SequenceKind.List);
            case TokenKind.Sign when token.Text == "{":
                return ReadDict(token.Line);
            default:
                throw new JinjaSyntaxException(token.Line, $"expected a value, got {token.Describe()}");
        }
    }

    /// <summary>Expressions between commas, up to a bracket, which is taken too.</summary>
    public List<Expression> ReadItems(string end)
    {
        List<Expression> items = [];
        while (!reader.TakeSign(end))
        {
            items.Add(expressions.Read());
            if (!reader.Current.IsSign(end))
            {
                reader.ExpectSign(",");
            }
        }

        return items;
    }

    private Literal ReadStrings(JinjaToken first)
    {
        StringBuilder text = new(first.Text);
        while (reader.Current.Kind == TokenKind.String)
        {
            _ = text.Append(reader.Take().Text);
        }

        return new(first.Line, MarkedText.Of(text.ToString()));
    }

    private Expression ReadParentheses(int line)
    {
        if (reader.TakeSign(")"))
        {
            return new ListExpression(line, [], SequenceKind.Tuple);
        }

        Expression inside = expressions.ReadTuple();
        reader.ExpectSign(")");
        return inside;
    }

    private DictExpression ReadDict(int line)
    {
        List<(Expression Key, Expression Value)> entries = [];
        while (!reader.TakeSign("}"))
        {
            Expression key = expressions.Read();
            reader.ExpectSign(":");
            entries.Add((key, expressions.Read()));
            if (!reader.Current.IsSign("}"))
            {
                reader.ExpectSign(",");
            }
        }

        return new(line, entries);
    }
}
