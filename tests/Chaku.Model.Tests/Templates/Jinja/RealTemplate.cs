using System.Text.RegularExpressions;
using Chaku.Model.Templates;
using Chaku.Model.Tests.Tokenizers;
using Chaku.Model.Tokenizers;
using Chaku.Tests;

namespace Chaku.Model.Tests.Templates.Jinja;

/// <summary>A shared template with a vocabulary that has what looks like a mark in it as control tokens.</summary>
internal sealed partial class RealTemplate
{
    public RealTemplate(string path)
    {
        Name = Path.GetFileNameWithoutExtension(path);
        string source = File.ReadAllText(path);
        Marks = [.. MarkPattern().Matches(source).Select(match => match.Value).Distinct()];
        VocabularySource vocabulary = Marks.Aggregate(
            SampleVocabularies.SentencePiece("▁", "h", "i", "▁hi"),
            static (all, mark) => all.With(mark, TokenType.Control));
        Tokenizer = Tokenizer.Create(vocabulary with { AddBos = true });
        Template = new(source, Tokenizer.Vocabulary, JinjaValues.Clock);
        Encoder = new(Tokenizer, Template);
    }

    public static IEnumerable<RealTemplate> All =>
        Directory.GetFiles(Fixtures.Shared("templates", "templates"), "*.jinja").Select(path => new RealTemplate(path));

    public string Name { get; }

    public IReadOnlyList<string> Marks { get; }

    public Tokenizer Tokenizer { get; }

    public JinjaTemplate Template { get; }

    public PromptEncoder Encoder { get; }

    [GeneratedRegex(@"<(\||｜)[^<>\s{}']+?(\||｜)>|<(start|end)_of_turn>|<用户>|<AI>|<tools>")]
    private static partial Regex MarkPattern();
}
