namespace Chaku.Model.Templates.Jinja;

/// <summary>What a piece of a template's source is.</summary>
internal enum TokenKind
{
    /// <summary>Text between the marks, white space already taken away as they ask.</summary>
    Text,

    /// <summary><c>{%</c>.</summary>
    BlockBegin,

    /// <summary><c>%}</c>.</summary>
    BlockEnd,

    /// <summary><c>{{</c>.</summary>
    PrintBegin,

    /// <summary><c>}}</c>.</summary>
    PrintEnd,

    /// <summary>A name or a keyword.</summary>
    Name,

    /// <summary>A quoted text, its escapes resolved.</summary>
    String,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>A number with a point or an exponent.</summary>
    Float,

    /// <summary>A sign.</summary>
    Sign,

    /// <summary>Nothing more.</summary>
    End,
}

/// <summary>A piece of a template's source.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its characters, or what they stand for.</param>
/// <param name="Line">The line on which it begins.</param>
internal readonly record struct JinjaToken(TokenKind Kind, string Text, int Line)
{
    /// <summary>Whether it is that sign.</summary>
    public bool IsSign(string sign) => Kind == TokenKind.Sign && Text == sign;

    /// <summary>Whether it is that name.</summary>
    public bool IsName(string name) => Kind == TokenKind.Name && Text == name;

    /// <summary>It, for an error's message.</summary>
    public string Describe() => Kind switch
    {
        TokenKind.Text => "text",
        TokenKind.End => "the end of the template",
        TokenKind.BlockBegin => "'{%'",
        TokenKind.BlockEnd => "'%}'",
        TokenKind.PrintBegin => "'{{'",
        TokenKind.PrintEnd => "'}}'",
        _ => ModelFormatException.Quote(Text),
    };
}

/// <summary>A template that is none: its source breaks the language's rules.</summary>
/// <param name="line">Where.</param>
/// <param name="reason">Which.</param>
internal sealed class JinjaSyntaxException(int line, string reason) : Exception(reason)
{
    /// <summary>Where.</summary>
    public int Line => line;
}
