using Chaku.Model.Templates;
using Chaku.Tests;

namespace Chaku.Model.Tests.Templates;

/// <summary>What Jinja makes of the models' own templates, and what holds for every built-in one.</summary>
public sealed class ChatTemplateTests
{
    private static readonly Message Question = new(Role.User, "What's your favourite LLM framework?");
    private static readonly Message Answer = new(Role.Assistant, "llama.cpp!");

    public static TheoryData<string> Names => [.. ChatTemplates.All.Select(template => template.Name)];

    [Theory]
    [InlineData("bofenghuang-vigogne-2-70b-chat", "simple", "Vous êtes Vigogne, un assistant IA créé par Zaion Lab. "
        + "Vous suivez extrêmement bien les instructions. Aidez autant que vous le pouvez.")]
    [InlineData("bofenghuang-vigogne-2-70b-chat", "system", "You only tell the truth.")]
    public void Llama_2_equals_what_Jinja_makes_of_one_of_its_kind(string model, string context, string system) =>
        Assert.Equal(
            ReadGolden(model, context),
            Rendering.Text("llama-2", addGenerationPrompt: false, new(Role.System, system), Question, Answer));

    // Jinja was asked for another answer after the answer, which is refused here.
    [Theory]
    [InlineData("llama-3", "meta-llama-Meta-Llama-3.1-8B-Instruct", "system", "<|start_header_id|>assistant"
        + "<|end_header_id|>\n\n", "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n"
        + "You only tell the truth.")]
    [InlineData("chatml", "Qwen-Qwen2-7B-Instruct", "simple", "\n<|im_start|>assistant\n",
        "You are a helpful assistant.")]
    [InlineData("chatml", "Qwen-Qwen2-7B-Instruct", "system", "\n<|im_start|>assistant\n",
        "You only tell the truth.")]
    public void Others_equal_what_Jinja_makes_of_the_models_own_template(
        string name, string model, string context, string another, string system) => Assert.Equal(
            ReadGolden(model, context),
            Rendering.Text(name, addGenerationPrompt: false, new(Role.System, system), Question, Answer) + another);

    // The Jinja text has a space after BOS, which the vocabulary's own space before a text makes up for here.
    [Theory]
    [InlineData("mistralai-Mistral-7B-Instruct-v0.2", "simple")]
    [InlineData("mistralai-Mistral-7B-Instruct-v0.2", "system")]
    [InlineData("mistralai-Mixtral-8x7B-Instruct-v0.1", "simple")]
    [InlineData("mistralai-Mixtral-8x7B-Instruct-v0.1", "system")]
    public void Mistral_equals_what_Jinja_makes_of_the_models_own_template_but_for_a_space(string model, string context)
    {
        Message[] system = context == "system" ? [new(Role.System, "You only tell the truth.")] : [];

        Assert.Equal(
            ReadGolden(model, context).Replace("<s> [INST]", "<s>[INST]", StringComparison.Ordinal),
            Rendering.Text("mistral", addGenerationPrompt: false, [.. system, Question, Answer]));
    }

    [Fact]
    public void Llama_2_trims_a_question() => Assert.Equal(
        "<s>[INST] Why? [/INST]",
        Rendering.Text("llama-2", addGenerationPrompt: true, new Message(Role.User, " Why?\n")));

    [Theory]
    [MemberData(nameof(Names))]
    public void The_prompt_is_what_stands_before_the_answer(string name)
    {
        string prompt = Rendering.Text(name, addGenerationPrompt: true, Question);
        string whole = Rendering.Text(name, addGenerationPrompt: false, Question, Answer);

        IEnumerable<TemplateSpan> answer = ChatTemplates.Find(name)
            .Render(new([Question, Answer]), addGenerationPrompt: false).Where(span => span.IsAnswer);
        Assert.Equal(prompt + Rendering.Spell(answer), whole);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_conversation_goes_on_from_where_the_answer_ended(string name)
    {
        string answered = Rendering.Text(name, addGenerationPrompt: false, Question, Answer);
        string goesOn = Rendering.Text(name, addGenerationPrompt: true, Question, Answer, Question);

        Assert.StartsWith(answered, goesOn, StringComparison.Ordinal);
    }

    [Fact]
    public void An_answer_out_of_turn_is_refused() => Assert.Throws<ConversationException>(
        () => Rendering.Text("alpaca", addGenerationPrompt: true, Question, Answer));

    private static string ReadGolden(string model, string context) =>
        File.ReadAllText(Fixtures.Shared("templates", "goldens", $"{model}-{context}.txt"))
            .Replace("<|startoftext|>", "<s>", StringComparison.Ordinal)
            .Replace("<|endoftext|>", "</s>", StringComparison.Ordinal);
}
