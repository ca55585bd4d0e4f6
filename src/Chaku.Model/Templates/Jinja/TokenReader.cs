namespace Chaku.Model.Templates.Jinja;

/// <summary>Goes through a template's tokens.</summary>
/// <param name="tokens">They end with <see cref="TokenKind.End"/>.</param>
internal sealed class TokenReader(IReadOnlyList<JinjaToken> tokens)
{
    /// <summary>Brackets, blocks and signs inside each other.</summary>
    public const int MaxDepth = 100;

    private int _at;
    private int _depth;

    /// <summary>The token that comes next.</summary>
    public JinjaToken Current => tokens[_at];

    /// <summary>Its line.</summary>
    public int Line => Current.Line;

    /// <summary>The token behind it.</summary>
    public JinjaToken Following => tokens[Math.Min(_at + 1, tokens.Count - 1)];

    /// <summary>Takes the next token.</summary>
    public JinjaToken Take()
    {
        JinjaToken token = Current;
        _at = Math.Min(_at + 1, tokens.Count - 1);
        return token;
    }

    /// <summary>Takes a sign, if it comes next.</summary>
    public bool TakeSign(string sign) => TakeIf(Current.IsSign(sign));

    /// <summary>Takes a keyword, if it comes next.</summary>
    public bool TakeName(string name) => TakeIf(Current.IsName(name));

    /// <summary>Takes a token that must come next.</summary>
    public JinjaToken Expect(TokenKind kind, string what) =>
        Current.Kind == kind ? Take() : throw Refuse($"expected {what}, got {Current.Describe()}");

    /// <summary>Takes a sign that must come next.</summary>
    public void ExpectSign(string sign)
    {
        if (!TakeSign(sign))
        {
            throw Refuse($"expected '{sign}', got {Current.Describe()}");
        }
    }

    /// <summary>Takes a name that must come next.</summary>
    public string ExpectName(string what = "a name") => Expect(TokenKind.Name, what).Text;

    /// <summary>Reads something that may hold others of its kind.</summary>
    public T Nest<T>(Func<T> read)
    {
        if (++_depth > MaxDepth)
        {
            throw Refuse($"more than {MaxDepth} brackets and blocks inside each other");
        }

        T result = read();
        _depth--;
        return result;
    }

    /// <summary>The refusal of what comes next.</summary>
    public JinjaSyntaxException Refuse(string reason) => new(Line, reason);

    private bool TakeIf(bool isNext)
    {
        if (isNext)
        {
            _ = Take();
        }

        return isNext;
    }
}
