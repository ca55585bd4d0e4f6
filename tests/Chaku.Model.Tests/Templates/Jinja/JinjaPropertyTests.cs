using Chaku.Model.Templates;
using CsCheck;

namespace Chaku.Model.Tests.Templates.Jinja;

/// <summary>What holds of every real template, whatever the words.</summary>
public sealed class JinjaPropertyTests
{
    private static readonly string[] Words = ["hi", " ", "\n", "é😀", "</s>", "<s>", "[INST]", "{{ 1 }}", "'\"\\", "<"];

    [Fact]
    public void Words_never_become_special_tokens() => ForEveryTemplate((template, words) =>
        Assert.Equal(CountMarks(template, ["a", "b", "c", "d"]), CountMarks(template, words)));

    [Fact]
    public void Answers_are_where_their_characters_are() => ForEveryTemplate((template, words) =>
    {
        string said = Answers(template.Template.Render(Talk(words), addGenerationPrompt: false));

        Assert.Contains(said, new[] { words[1] + words[3], words[1].Trim() + words[3].Trim() });
    });

    [Fact]
    public void A_sequence_begins_with_one_begin_token() => ForEveryTemplate((template, words) =>
    {
        int[] ids = template.Encoder.Encode(Talk(words[..3]), addGenerationPrompt: true).Ids;

        Assert.Equal(1, ids[0]);
        Assert.NotEqual(1, ids[1]);
    });

    [Fact]
    public void The_text_is_what_the_template_renders() => ForEveryTemplate((template, words) =>
    {
        EncodedConversation encoded = template.Encoder.Encode(Talk(words), addGenerationPrompt: false);

        Assert.Equal(encoded.Ids.Length, encoded.IsAnswer.Length);
        Assert.Contains(true, encoded.IsAnswer);
        Assert.False(encoded.IsAnswer[0]);
    });

    private static int CountMarks(RealTemplate template, string[] words) => template.Encoder
        .Encode(Talk(words), addGenerationPrompt: false).Ids.Count(template.Tokenizer.Vocabulary.IsMark);

    private static string Answers(IEnumerable<TemplateSpan> spans) => string.Concat(
        spans.Where(span => span.IsAnswer && span.Kind == SpanKind.Content).Select(span => span.Text));

    private static Conversation Talk(string[] words) => new(
        [.. words.Select((text, index) => new Message(index % 2 == 0 ? Role.User : Role.Assistant, text))]);

    private static void ForEveryTemplate(Action<RealTemplate, string[]> holds)
    {
        RealTemplate[] templates = [.. RealTemplate.All];
        Assert.Equal(19, templates.Length);
        foreach (RealTemplate template in templates)
        {
            Gen<string> text = Gen.OneOf((string[])[.. Words, .. template.Marks]).Array[0, 5]
                .Select(parts => string.Concat(parts) + "x");
            text.Array[4].Sample(words => holds(template, words), iter: 40);
        }
    }
}
