using System.Text;
using Chaku.Model.Tokenizers;
using Chaku.Model.Tokenizers.HuggingFace.PreTokenisation;

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

    // One of each kind that some pre-tokenizer treats in a way of its own.
    private static readonly string[] Kinds =
    [
        "a", "B", "é", "Σ", "中", "あ", "한", "अ", "5", "٣", "Ⅷ", " ", "\n", "\r", "\t", "\u00A0", "\u3000", "'", "s", ".",
        ",", "/", "_", "$", "(", "-", "!", "…", "。", "😀", "\u0483", "\u200D", "\u0085", "\u0000",
    ];

    // Every three kinds in a row; all of it is in Unicode's composed form.
    private static readonly Lazy<string> Triples = new(() => string.Concat(
        from first in Kinds from second in Kinds from third in Kinds select first + second + third));

    // Letters with marks that have a form of their own.
    private const string NotNormal = "cafe\u0301 n\u0303 A\u030A \uFB01 \u2126";

    // Marks that a remark names; more are counted.
    private const int MostNamed = 8;

    /// <summary>
    /// Whether two tokenizers give the same tokens for every text that either can spell, marks of their own left aside.
    /// </summary>
    public static bool AreSame(Tokenizer one, Tokenizer other) =>
        Texts.Append(Triples.Value).All(text => Same(one, other, text));

    /// <summary>Texts with a mark in them, with and without spaces around it.</summary>
    public static IEnumerable<string> TextsWith(string mark) =>
        [mark, $"a{mark}b", $" a {mark}  b\n{mark}\n c", $"{mark}{mark} "];

    /// <summary>Says for which marks of the first tokenizer the text around them gets other tokens.</summary>
    /// <param name="one">What is converted.</param>
    /// <param name="other">What comes of it.</param>
    /// <param name="target">What has it, for people.</param>
    /// <param name="remarks">Gets a line where there are such marks.</param>
    public static void SayWhichMarksDiffer(Tokenizer one, Tokenizer other, string target, List<string> remarks)
    {
        string[] marks =
        [
            .. Enumerable.Range(0, one.Vocabulary.Count)
                .Where(id => one.Vocabulary.TypeOf(id)
                    is TokenType.Control or TokenType.UserDefined or TokenType.Unknown)
                .Select(id => one.Vocabulary.Spell(id)!)
                .Where(mark => mark.Length > 0 && !TextsWith(mark).All(text => Same(one, other, text))),
        ];
        if (marks.Length > 0)
        {
            string more = marks.Length > MostNamed ? $" and {marks.Length - MostNamed} more" : "";
            remarks.Add(
                $"{target} has no words for how some marks are found in text, so that text around them gets other "
                + $"tokens: {string.Join(' ', marks.Take(MostNamed).Select(ModelFormatException.Quote))}{more}");
        }
    }

    /// <summary>Whether a step cuts text into the words that a pre-tokenizer cuts it into.</summary>
    /// <param name="step">A step that spells bytes in GPT-2's alphabet.</param>
    /// <param name="words">The pre-tokenizer.</param>
    public static bool CutSame(PieceStep step, PreTokenizer words) => Texts.Append(Triples.Value).All(text =>
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Pieces pieces = new(bytes, afterMark: true, isFirst: true);
        step.Apply(pieces);
        List<int> lengths = [];
        words.Split(bytes, lengths);
        int start = 0;
        return pieces.Lengths.SequenceEqual(lengths.Select(length =>
        {
            start += length;
            return ByteLevelAlphabet.SpelledLength(bytes.AsSpan(start - length, length));
        }));
    });

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
