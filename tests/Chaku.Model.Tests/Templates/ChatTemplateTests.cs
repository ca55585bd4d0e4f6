using Chaku.Model.Templates;
using Chaku.Tests;

namespace Chaku.Model.Tests.Templates;

/// <summary>Every built-in template, byte for byte; BOS and EOS read <c>&lt;s&gt;</c> and <c>&lt;/s&gt;</c>.</summary>
public sealed class ChatTemplateTests
{
    private const string AlpacaPrompt =
        "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n"
        + "### Instruction:\nName a colour.\n\n### Response:";

    private static readonly Message Question = new(Role.User, "What's your favourite LLM framework?");
    private static readonly Message Answer = new(Role.Assistant, "llama.cpp!");
    private static readonly Message Again = new(Role.User, "Why?");

    public static TheoryData<string> Names => [.. ChatTemplates.All.Select(template => template.Name)];

    [Fact]
    public void Alpaca_writes_an_instruction_without_an_input()
    {
        Message instruction = new(Role.User, "Name a colour.");

        Assert.Equal(AlpacaPrompt, Render("alpaca", addGenerationPrompt: true, instruction));
        Assert.Equal(
            AlpacaPrompt + "Blue</s>",
            Render("alpaca", addGenerationPrompt: false, instruction, new(Role.Assistant, "Blue")));
    }

    [Fact]
    public void Alpaca_writes_an_instruction_with_an_input() => Assert.Equal(
        "Below is an instruction that describes a task, paired with an input that provides further context. "
        + "Write a response that appropriately completes the request.\n\n"
        + "### Instruction:\nSum up.\n\n### Input:\n1 2\n\n### Response:3</s>",
        Render(
            "alpaca",
            addGenerationPrompt: false,
            new(Role.User, "Sum up.", Input: "1 2"),
            new(Role.Assistant, "3")));

    [Fact]
    public void Alpaca_repeats_its_headings_for_later_turns_and_lets_the_system_introduce() => Assert.Equal(
        "Be kind.\n\n### Instruction:\na\n\n### Response:b</s>### Instruction:\nc\n\n### Response:",
        Render(
            "alpaca",
            addGenerationPrompt: true,
            new(Role.System, "Be kind."),
            new(Role.User, "a"),
            new(Role.Assistant, "b"),
            new(Role.User, "c")));

    [Fact]
    public void Llama_2_writes_the_system_into_the_first_of_several_turns() => Assert.Equal(
        "<s>[INST] <<SYS>>\nBe kind.\n<</SYS>>\n\nHello [/INST] Hi! </s><s>[INST] Why? [/INST]",
        Render(
            "llama-2",
            addGenerationPrompt: true,
            new(Role.System, "Be kind."),
            new(Role.User, "Hello"),
            new(Role.Assistant, "Hi!"),
            Again));

    [Fact]
    public void Llama_2_writes_a_question_alone_and_trims_it() => Assert.Equal(
        "<s>[INST] Why? [/INST]", Render("llama-2", addGenerationPrompt: true, new Message(Role.User, " Why?\n")));

    [Theory]
    [InlineData("simple", "Vous êtes Vigogne, un assistant IA créé par Zaion Lab. "
        + "Vous suivez extrêmement bien les instructions. Aidez autant que vous le pouvez.")]
    [InlineData("system", "You only tell the truth.")]
    public void Llama_2_equals_what_Jinja_makes_of_a_template_of_its_kind(string context, string system)
    {
        string golden = ReadGolden($"bofenghuang-vigogne-2-70b-chat-{context}.txt");

        Assert.Equal(
            golden, Render("llama-2", addGenerationPrompt: false, new(Role.System, system), Question, Answer));
    }

    [Fact]
    public void Llama_3_writes_headers_and_ends_of_turn() => Assert.Equal(
        "<s><|start_header_id|>system<|end_header_id|>\n\nBe kind.<|eot_id|>"
        + "<|start_header_id|>user<|end_header_id|>\n\nWhat's your favourite LLM framework?<|eot_id|>"
        + "<|start_header_id|>assistant<|end_header_id|>\n\nllama.cpp!<|eot_id|>"
        + "<|start_header_id|>user<|end_header_id|>\n\nWhy?<|eot_id|>"
        + "<|start_header_id|>assistant<|end_header_id|>\n\n",
        Render("llama-3", addGenerationPrompt: true, new(Role.System, "Be kind."), Question, Answer, Again));

    [Fact]
    public void Llama_3_equals_what_Jinja_makes_of_a_template_of_its_kind()
    {
        string golden = ReadGolden("meta-llama-Meta-Llama-3.1-8B-Instruct-system.txt");
        const string System =
            "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\nYou only tell the truth.";

        string text = Render("llama-3", addGenerationPrompt: false, new(Role.System, System), Question, Answer);

        // Jinja was asked for another answer after the answer, which is refused here.
        Assert.Equal(golden, text + "<|start_header_id|>assistant<|end_header_id|>\n\n");
    }

    [Theory]
    [InlineData("llama-2")]
    [InlineData("llama-3")]
    public void Templates_without_a_place_for_an_input_put_it_under_the_instruction(string name)
    {
        string text = Render(name, addGenerationPrompt: true, new Message(Role.User, "Sum up.", Input: "1 2"));

        Assert.Contains("Sum up.\n\n1 2", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("alpaca", "llama.cpp!</s>")]
    [InlineData("llama-2", " llama.cpp! </s>")]
    [InlineData("llama-3", "llama.cpp!<|eot_id|>")]
    public void What_the_model_says_is_the_answer_and_its_end(string name, string expected)
    {
        IReadOnlyList<TemplateSpan> spans = ChatTemplates.Find(name).Render(new([Question, Answer, Again]), true);

        Assert.Equal(expected, Spell(spans.Where(span => span.IsAnswer)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_prompt_is_what_stands_before_the_answer(string name)
    {
        string prompt = Render(name, addGenerationPrompt: true, Question);
        string whole = Render(name, addGenerationPrompt: false, Question, Answer);

        IEnumerable<TemplateSpan> answer = ChatTemplates.Find(name)
            .Render(new([Question, Answer]), addGenerationPrompt: false).Where(span => span.IsAnswer);
        Assert.Equal(prompt + Spell(answer), whole);
    }

    [Fact]
    public void An_answer_out_of_turn_is_refused() =>
        Assert.Throws<ConversationException>(() => Render("alpaca", addGenerationPrompt: true, Question, Answer));

    private static string ReadGolden(string name) =>
        File.ReadAllText(Fixtures.Shared("templates", "goldens", name))
            .Replace("<|startoftext|>", "<s>", StringComparison.Ordinal)
            .Replace("<|endoftext|>", "</s>", StringComparison.Ordinal);

    private static string Render(string name, bool addGenerationPrompt, params Message[] messages) =>
        Spell(ChatTemplates.Find(name).Render(new Conversation(messages), addGenerationPrompt));

    private static string Spell(IEnumerable<TemplateSpan> spans) => string.Concat(spans.Select(span => span.Kind switch
    {
        SpanKind.BeginOfSequence => "<s>",
        SpanKind.EndOfSequence => "</s>",
        _ => span.Text,
    }));
}
