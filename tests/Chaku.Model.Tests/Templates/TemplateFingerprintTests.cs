using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Chaku.Model.Templates;
using Chaku.Model.Tests.Tokenizers;
using Chaku.Model.Tokenizers;

namespace Chaku.Model.Tests.Templates;

public sealed class TemplateFingerprintTests
{
    private static readonly TurnFormat Plain = new()
    {
        Question = [TemplateSpan.Markup("Q: ")],
        AnswerEnd = [TemplateSpan.EndOfAnswer],
    };

    [Fact]
    public void The_bytes_are_those_of_the_document()
    {
        Vocabulary vocabulary = SampleModel();
        using MemoryStream bytes = new();
        Texts("turns", "question", "1", "Markup: Q: ", "answer end", "1", "EndOfSequence of the answer: ");
        Texts(vocabulary.Spell(vocabulary.BosId)!, $"{vocabulary.BosId}", vocabulary.Spell(vocabulary.EosId)!,
            $"{vocabulary.EosId}", "bos first");
        Texts();

        string expected = Convert.ToHexStringLower(SHA256.HashData(bytes.ToArray()));
        Assert.True(vocabulary.AddBos);
        Assert.Equal(expected, TemplateFingerprint.Of(new TurnTemplate("any name", Plain), vocabulary));

        void Texts(params string[] texts)
        {
            bytes.Write(BitConverter.GetBytes((long)texts.Length));
            foreach (byte[] text in texts.Select(Encoding.UTF8.GetBytes))
            {
                bytes.Write(BitConverter.GetBytes((long)text.Length));
                bytes.Write(text);
            }
        }
    }

    [Fact]
    public void Every_field_of_a_format_makes_another_fingerprint()
    {
        Vocabulary vocabulary = SampleModel();
        HashSet<string> seen = [TemplateFingerprint.Of(new TurnTemplate("t", Plain), vocabulary)];
        foreach (PropertyInfo property in typeof(TurnFormat).GetProperties().Where(one => one.CanWrite))
        {
            TurnFormat changed = Plain with { };
            object other = property.PropertyType switch
            {
                Type type when type == typeof(string) => "x",
                Type type when type == typeof(bool) => true,
                Type type when type == typeof(IReadOnlyList<TemplateSpan>) => new[] { TemplateSpan.Markup("x") },
                Type type when type == typeof(IReadOnlyList<Role>) => new[] { Role.User },
                Type type when type == typeof(IReadOnlyList<string>) => new[] { "x" },
                Type type => throw new NotSupportedException($"{type}"),
            };
            property.SetValue(changed, other);
            bool isNew = seen.Add(TemplateFingerprint.Of(new TurnTemplate("t", changed), vocabulary));
            Assert.True(isNew == (property.Name != nameof(TurnFormat.Fingerprints)), property.Name);
        }

        // What is empty and what is missing are two things for these.
        foreach (TurnFormat empty in (TurnFormat[])
            [
                Plain with { NextQuestion = [] }, Plain with { InputHeading = "" },
                Plain with { IntroductionWithInput = "" },
            ])
        {
            Assert.True(seen.Add(TemplateFingerprint.Of(new TurnTemplate("t", empty), vocabulary)));
        }
    }

    [Fact]
    public void No_two_built_in_templates_have_one_fingerprint() => Assert.Equal(
        ChatTemplates.All.Count,
        ChatTemplates.All.Select(template => TemplateFingerprint.Of(template, SampleModel())).Distinct().Count());

    [Fact]
    public void Another_id_of_a_mark_makes_another_fingerprint()
    {
        ChatTemplate template = new JinjaTemplate("<|a|>{{ messages[0].content }}", "<s>", "</s>");
        string first = TemplateFingerprint.Of(template, WithMarks("<|a|>", "<|b|>"));
        Assert.Equal(first, TemplateFingerprint.Of(template, WithMarks("<|a|>", "<|c|>")));
        Assert.NotEqual(first, TemplateFingerprint.Of(template, WithMarks("<|b|>", "<|a|>")));
    }

    private static Vocabulary SampleModel() => new(SampleVocabularies.SentencePiece());

    private static Vocabulary WithMarks(string first, string second) => new(SampleVocabularies.SentencePiece()
        .With(first, TokenType.Control).With(second, TokenType.Control));
}
