using Chaku.Model.Tokenizers;

namespace Chaku.Model.Conversion;

/// <summary>Compares tokenizers by the tokens that they give for difficult text.</summary>
internal static class TokenizerProbe
{
    // Contractions in either case, numbers of every length, runs of spaces and line ends, signs, scripts with and
    // without spaces, marks of their own, emoji: each tells some two pre-tokenizers apart.
    private static readonly string[] Texts =
    [
        "Hello, world! I'm here; you've seen it, they'LL say DON'T, we'd've.",
        "0 1 12 123 1234 12345 123456 1234567 3.14159 1,000,000 2024-07-06 ²³ ½ Ⅷ ٣٤",
        "  two spaces   three\ttab\n\n\nlines \n \r\n windows\r\n\r\n   end   ",
        "if (x==42) { return a[i]+=b/c; } // so? <|sign|> $5 ~`^|+= ''' \"\"\" /** */ --- ... ???",
        "naïve café Straße Ελληνικά русский язык ",
        "日本語のテキスト、。中文字符，한국어 문장 ไทย हिन्दी العربية עברית",
        "😀👍🏽👨‍👩‍👧 ™ © … “quoted” ‘single’ – — • ☃",
        "camelCaseWORDS_and_snake HTTPServer ABCdef iPhone",
        "'s 'T 'Re word's WORD'S\n'm",
        " a  b   c    d     e",
        "\u00A0nbsp\u3000wide\u200Bzero\u0085next",
        "/\n\n/* \n*/ x/\n!\n",
    ];

    // Letters with marks that have a form of their own.
    private const string NotNormal = "cafe\u0301 n\u0303 A\u030A \uFB01 \u2126";

    /// <summary>Whether two tokenizers give the same tokens for every text that either can spell.</summary>
    public static bool AreSame(Tokenizer one, Tokenizer other) => Texts.All(text => Same(one, other, text));

    /// <summary>Whether they differ where text is in none of Unicode's normal forms.</summary>
    public static bool DifferenceOutsideNormalForm(Tokenizer one, Tokenizer other) => !Same(one, other, NotNormal);

    private static bool Same(Tokenizer one, Tokenizer other, string text) =>
        Tokens(one, text).SequenceEqual(Tokens(other, text));

    private static int[] Tokens(Tokenizer tokenizer, string text)
    {
        try
        {
            return tokenizer.Encode(text, parseSpecial: true);
        }
        catch (UnspellableTextException)
        {
            // Small vocabularies lack letters; then both must.
            return [-1];
        }
    }
}
