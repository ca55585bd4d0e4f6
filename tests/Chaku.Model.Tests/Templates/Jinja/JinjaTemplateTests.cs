using Chaku.Model.Templates;
using Chaku.Model.Tests.Tokenizers;
using Chaku.Model.Tokenizers;

namespace Chaku.Model.Tests.Templates.Jinja;

/// <summary>Models' own templates as spans and tokens.</summary>
public sealed class JinjaTemplateTests
{
    private const string ChatMl =
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

    private const string Mistral =
        "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}{{ '[INST] ' + m.content + ' [/INST]' }}"
        + "{% else %}{{ ' ' + m.content + ' ' + eos_token }}{% endif %}{% endfor %}";

    private static readonly Message Hi = new(Role.User, "hi");
    private static readonly Message Answer = new(Role.Assistant, "Yes.");

    private static readonly Tokenizer Tokenizer = Tokenizer.Create(
        (SampleVocabularies.SentencePiece("▁", "h", "i", "▁hi", "\n") with { AddBos = true })
            .With("<|im_start|>", TokenType.Control).With("<|im_end|>", TokenType.Control));

    [Theory]
    [InlineData(ChatMl, "Yes.<|im_end|>")]
    [InlineData(Mistral, " Yes. </s>")]
    [InlineData("{% for m in messages %}{{ m.content }}{{ eos_token }}{% endfor %}", "Yes.</s>")]
    [InlineData("{% for m in messages %}{{ m.content|upper }}!<|im_end|>{% endfor %}", "YES.!<|im_end|>")]
    [InlineData("{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}", "assistant: Yes.")]
    [InlineData("{% for m in messages %}{{ bos_token }}{{ m.content }}{% endfor %}", "Yes.")]
    [InlineData("{% for m in messages %}{{ m.content|tojson }}<|im_end|>{% endfor %}", "\"Yes.\"<|im_end|>")]
    public void The_answer_is_what_the_model_says_up_to_the_mark_behind(string template, string expected) =>
        Assert.Equal(expected, AnswerOf(template, [Hi, Answer, Hi]));

    [Fact]
    public void Generation_blocks_say_what_the_answer_is()
    {
        const string Template = "{{ bos_token }}{% for m in messages %}{% if m.role == 'assistant' %}A:"
            + "{% generation %}<{{ m.content }}>{{ eos_token }}{% endgeneration %}<|im_end|>"
            + "{% else %}{{ m.content }}{% endif %}{% endfor %}";

        Assert.Equal("<Yes.></s>", AnswerOf(Template, [Hi, Answer, Hi]));
    }

    [Theory]
    [InlineData("{% for m in messages %}{{ m.content.split('</think>')[-1] }}<|im_end|>{% endfor %}", "b<|im_end|>")]
    [InlineData("{% for m in messages %}{{ m.content[::-1] }}<|im_end|>{% endfor %}", "b>kniht/<a<|im_end|>")]
    [InlineData("{% for m in messages %}{{ '%s;' % m.content }}<|im_end|>{% endfor %}", "a</think>b;<|im_end|>")]
    [InlineData("{% for m in messages %}{{ '{}'.format(m.content) }}<|im_end|>{% endfor %}", "a</think>b<|im_end|>")]
    [InlineData("{% for m in messages %}{{ m.content|list|join('') }}<|im_end|>{% endfor %}", "a</think>b<|im_end|>")]
    [InlineData("{% for m in messages %}{{ m.content|replace('<', '') }}<|im_end|>{% endfor %}", "a/think>b<|im_end|>")]
    [InlineData(
        "{% for m in messages %}{{ m.content|replace('<', '[') }}{{ eos_token }}{% endfor %}", "a[/think>b</s>")]
    public void The_mask_follows_the_characters(string template, string expected) =>
        Assert.Equal(expected, AnswerOf(template, [Hi, new(Role.Assistant, "a</think>b"), Hi]));

    [Theory]
    [InlineData("{{ messages[0].content }}", "leaves out message 2, from the Assistant")]
    [InlineData("{{ messages[1].content }}", "leaves out message 1, from the User")]
    [InlineData("{{ raise_exception('Not\nthis') }}", "the model's chat template refuses this: Not this")]
    [InlineData("x\n{{ 1 / 0 }}", "the model's chat template, line 2: a division by zero")]
    [InlineData("{% for %}", "the model's chat template, line 1: expected a variable's name, got '%}'")]
    public void What_a_template_does_not_render_is_refused_in_one_line(string template, string message) =>
        Assert.EndsWith(
            message,
            Assert.Throws<ChatTemplateException>(() => AnswerOf(template, [Hi, Answer])).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("{{ bos_token }}{{ messages[0].content }}")]
    [InlineData("<s>{{ messages[0].content }}")]
    [InlineData("{{ messages[0].content }}")]
    public void A_sequence_begins_with_one_begin_token(string template)
    {
        int[] ids = Encoder(template).Encode(new([Hi]), addGenerationPrompt: true).Ids;

        Assert.Equal(1, ids[0]);
        Assert.Single(ids, 1);
    }

    [Theory]
    [InlineData(ChatMl)]
    [InlineData(Mistral)]
    public void The_prompt_has_the_same_tokens_whether_an_answer_follows_or_not(string template)
    {
        PromptEncoder encoder = Encoder(template);
        int[] prompt = encoder.Encode(new([Hi]), addGenerationPrompt: true).Ids;
        EncodedConversation whole = encoder.Encode(new([Hi, Answer]), addGenerationPrompt: false);

        Assert.Equal(prompt, whole.Ids[..prompt.Length]);
        Assert.All(whole.IsAnswer[..prompt.Length], Assert.False);
        Assert.True(whole.IsAnswer[prompt.Length]);
    }

    [Fact]
    public void The_mark_behind_answers_stops_generation()
    {
        Assert.Contains(Tokenizer.Vocabulary.Find("<|im_end|>")!.Value, Encoder(ChatMl).StopIds);
        Assert.DoesNotContain(Tokenizer.Vocabulary.Find("<|im_start|>")!.Value, Encoder(ChatMl).StopIds);
    }

    [Fact]
    public void The_day_is_the_clocks() => Assert.Equal("06 Jul 2024hi", string.Concat(
        new JinjaTemplate("{{ strftime_now('%d %b %Y') }}{{ messages[0].content }}", null, null, JinjaValues.Clock)
            .Render(new([Hi]), addGenerationPrompt: true).Select(span => span.Text)));

    [Fact]
    public void A_mark_that_the_vocabulary_lacks_is_undefined() => Assert.Contains(
        "'bos_token' is undefined",
        Assert.Throws<ChatTemplateException>(() => new JinjaTemplate("{{ bos_token + 'x' }}", bos: null, eos: null)
            .Render(new([Hi]), addGenerationPrompt: true)).Message,
        StringComparison.Ordinal);

    private static PromptEncoder Encoder(string template) =>
        new(Tokenizer, new JinjaTemplate(template, Tokenizer.Vocabulary, JinjaValues.Clock));

    private static string AnswerOf(string template, IReadOnlyList<Message> messages)
    {
        IReadOnlyList<TemplateSpan> spans = new JinjaTemplate(template, Tokenizer.Vocabulary, JinjaValues.Clock)
            .Render(new(messages), messages[^1].Role == Role.User);
        IReadOnlyList<TemplateSpan> marked = template.Contains("generation %}", StringComparison.Ordinal)
            ? spans
            : new AnswerEnds(Tokenizer.Vocabulary).Mark(spans);
        return string.Concat(marked.Where(span => span.IsAnswer)
            .Select(span => span.Kind == SpanKind.EndOfSequence ? "</s>" : span.Text));
    }
}
