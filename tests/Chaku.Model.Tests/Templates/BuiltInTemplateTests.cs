using Chaku.Model.Templates;

namespace Chaku.Model.Tests.Templates;

/// <summary>
/// Every built-in template, byte for byte, written out from its source; BOS and EOS read <c>&lt;s&gt;</c> and
/// <c>&lt;/s&gt;</c>.
/// </summary>
public sealed class BuiltInTemplateTests
{
    private const string Alpaca =
        "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n";

    private const string AlpacaWithInput =
        "Below is an instruction that describes a task, paired with an input that provides further context. "
        + "Write a response that appropriately completes the request.\n\n";

    private const string VicunaV0 =
        "A chat between a curious human and an artificial intelligence assistant. "
        + "The assistant gives helpful, detailed, and polite answers to the human's questions.";

    private const string VicunaV11 =
        "A chat between a curious user and an artificial intelligence assistant. "
        + "The assistant gives helpful, detailed, and polite answers to the user's questions.";

    /// <summary>The prompt for one question, and what the answer "Blue" adds to it.</summary>
    public static TheoryData<string, string, string> Questions => new()
    {
        { "alpaca", Alpaca + "### Instruction:\nName a colour.\n\n### Response:", "Blue</s>" },
        { "alpaca-lora", Alpaca + "### Instruction:\nName a colour.\n\n### Response:\n", "Blue</s>" },
        { "alpaca-fastchat", Alpaca + "### Instruction: Name a colour.\n\n### Response:", " Blue</s>" },
        {
            "chatml",
            "<|im_start|>user\nName a colour.<|im_end|>\n<|im_start|>assistant\n",
            "Blue<|im_end|>"
        },
        { "dolly", Alpaca + "### Instruction:\nName a colour.\n\n### Response:\n", "Blue\n\n### End" },
        { "falcon-instruct", "User: Name a colour.\n\nAssistant:", " Blue\n\nUser:" },
        { "falcon-180b-chat", "User: Name a colour.\nFalcon:", " Blue\nUser:" },
        { "llama-2", "<s>[INST] Name a colour. [/INST]", " Blue </s>" },
        {
            "llama-3",
            "<s><|start_header_id|>user<|end_header_id|>\n\nName a colour.<|eot_id|>"
            + "<|start_header_id|>assistant<|end_header_id|>\n\n",
            "Blue<|eot_id|>"
        },
        { "mistral", "<s>[INST] Name a colour. [/INST]", " Blue</s>" },
        { "oasst", "<|prompter|>Name a colour.</s><|assistant|>", "Blue</s>" },
        { "vicuna-v0", VicunaV0 + "\n### Human: Name a colour.\n### Assistant:", " Blue\n###" },
        { "vicuna-v1.1", VicunaV11 + " USER: Name a colour. ASSISTANT:", " Blue</s>" },
    };

    /// <summary>The prompt for a second question, after the system's words, a question and an answer.</summary>
    public static TheoryData<string, string> Conversations => new()
    {
        {
            "alpaca",
            "Be kind.\n\n### Instruction:\na\n\n### Response:b</s>### Instruction:\nc\n\n### Response:"
        },
        {
            "alpaca-lora",
            "Be kind.\n\n### Instruction:\na\n\n### Response:\nb</s>### Instruction:\nc\n\n### Response:\n"
        },
        {
            "alpaca-fastchat",
            "Be kind.\n\n### Instruction: a\n\n### Response: b</s>### Instruction: c\n\n### Response:"
        },
        {
            "chatml",
            "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\na<|im_end|>\n"
            + "<|im_start|>assistant\nb<|im_end|>\n<|im_start|>user\nc<|im_end|>\n<|im_start|>assistant\n"
        },
        {
            "dolly",
            "Be kind.\n\n### Instruction:\na\n\n### Response:\nb\n\n### End\n\n"
            + "### Instruction:\nc\n\n### Response:\n"
        },
        { "falcon-instruct", "Be kind.\n\nUser: a\n\nAssistant: b\n\nUser: c\n\nAssistant:" },
        { "falcon-180b-chat", "System: Be kind.\nUser: a\nFalcon: b\nUser: c\nFalcon:" },
        { "llama-2", "<s>[INST] <<SYS>>\nBe kind.\n<</SYS>>\n\na [/INST] b </s><s>[INST] c [/INST]" },
        {
            "llama-3",
            "<s><|start_header_id|>system<|end_header_id|>\n\nBe kind.<|eot_id|>"
            + "<|start_header_id|>user<|end_header_id|>\n\na<|eot_id|>"
            + "<|start_header_id|>assistant<|end_header_id|>\n\nb<|eot_id|>"
            + "<|start_header_id|>user<|end_header_id|>\n\nc<|eot_id|>"
            + "<|start_header_id|>assistant<|end_header_id|>\n\n"
        },
        { "mistral", "<s>[INST] Be kind.\n\na [/INST] b</s>[INST] c [/INST]" },
        { "oasst", "<|prompter|>Be kind.\n\na</s><|assistant|>b</s><|prompter|>c</s><|assistant|>" },
        { "vicuna-v0", "Be kind.\n### Human: a\n### Assistant: b\n### Human: c\n### Assistant:" },
        { "vicuna-v1.1", "Be kind. USER: a ASSISTANT: b</s>USER: c ASSISTANT:" },
    };

    /// <summary>What the templates make of an instruction "Sum up." with the input "1 2".</summary>
    public static TheoryData<string, string> Inputs => new()
    {
        { "alpaca", AlpacaWithInput + "### Instruction:\nSum up.\n\n### Input:\n1 2\n\n### Response:" },
        { "alpaca-lora", AlpacaWithInput + "### Instruction:\nSum up.\n\n### Input:\n1 2\n\n### Response:\n" },
        { "alpaca-fastchat", Alpaca + "### Instruction: Sum up.\n\n1 2\n\n### Response:" },
        { "chatml", "<|im_start|>user\nSum up.\n\n1 2<|im_end|>\n<|im_start|>assistant\n" },
        { "dolly", Alpaca + "### Instruction:\nSum up.\n\nInput:\n1 2\n\n### Response:\n" },
        { "falcon-instruct", "User: Sum up.\n1 2\n\nAssistant:" },
        { "falcon-180b-chat", "User: Sum up.\n\n1 2\nFalcon:" },
        { "llama-2", "<s>[INST] Sum up.\n\n1 2 [/INST]" },
        {
            "llama-3",
            "<s><|start_header_id|>user<|end_header_id|>\n\nSum up.\n\n1 2<|eot_id|>"
            + "<|start_header_id|>assistant<|end_header_id|>\n\n"
        },
        { "mistral", "<s>[INST] Sum up.\n\n1 2 [/INST]" },
        { "oasst", "<|prompter|>Sum up.\n\n1 2</s><|assistant|>" },
        { "vicuna-v0", VicunaV0 + "\n### Human: Sum up.\n\n1 2\n### Assistant:" },
        { "vicuna-v1.1", VicunaV11 + " USER: Sum up.\n\n1 2 ASSISTANT:" },
    };

    /// <summary>What ends an answer besides the vocabulary's own ends: tokens, and texts.</summary>
    public static TheoryData<string, string[], string[]> Stops => new()
    {
        { "alpaca", [], ["###"] },
        { "alpaca-lora", [], ["###"] },
        { "alpaca-fastchat", [], ["###"] },
        { "chatml", ["<|im_end|>", "<|im_start|>", "<|endoftext|>"], [] },
        { "dolly", ["### End"], ["### End"] },
        { "falcon-instruct", [], ["\nUser"] },
        { "falcon-180b-chat", [], ["\nUser:"] },
        { "llama-2", [], [] },
        { "llama-3", ["<|eot_id|>", "<|end_of_text|>"], [] },
        { "mistral", [], [] },
        { "oasst", [], [] },
        { "vicuna-v0", [], ["###"] },
        { "vicuna-v1.1", [], [] },
    };

    [Theory]
    [MemberData(nameof(Questions))]
    public void A_question_and_its_answer(string name, string prompt, string answer)
    {
        Message question = new(Role.User, "Name a colour.");

        Assert.Equal(prompt, Rendering.Text(name, addGenerationPrompt: true, question));
        Assert.Equal(
            prompt + answer,
            Rendering.Text(name, addGenerationPrompt: false, question, new(Role.Assistant, "Blue")));
    }

    [Theory]
    [MemberData(nameof(Questions))]
    public void What_is_trained_is_the_answer_and_its_end(string name, string prompt, string answer)
    {
        IReadOnlyList<TemplateSpan> spans = ChatTemplates.Find(name).Render(
            new([new(Role.User, "Name a colour."), new(Role.Assistant, "Blue")]), addGenerationPrompt: false);

        Assert.Equal(prompt, Rendering.Spell(spans.Where(span => !span.IsAnswer)));
        Assert.Equal(answer, Rendering.Spell(spans.Where(span => span.IsAnswer)));
    }

    [Theory]
    [MemberData(nameof(Conversations))]
    public void A_conversation_with_a_system(string name, string prompt) => Assert.Equal(
        prompt,
        Rendering.Text(
            name,
            addGenerationPrompt: true,
            new(Role.System, "Be kind."),
            new(Role.User, "a"),
            new(Role.Assistant, "b"),
            new(Role.User, "c")));

    [Theory]
    [MemberData(nameof(Inputs))]
    public void An_instruction_with_an_input(string name, string prompt) => Assert.Equal(
        prompt, Rendering.Text(name, addGenerationPrompt: true, new Message(Role.User, "Sum up.", Input: "1 2")));

    [Theory]
    [MemberData(nameof(Stops))]
    public void What_ends_an_answer(string name, string[] tokens, string[] texts)
    {
        Assert.Equal(tokens, ChatTemplates.Find(name).StopTokens);
        Assert.Equal(texts, ChatTemplates.Find(name).StopStrings);
    }

    [Fact]
    public void Every_template_is_written_out_here()
    {
        IEnumerable<string> names = ChatTemplates.All.Select(template => template.Name);

        Assert.Equal(names, Questions.Select(row => row.Data.Item1));
        Assert.Equal(names, Conversations.Select(row => row.Data.Item1));
        Assert.Equal(names, Inputs.Select(row => row.Data.Item1));
        Assert.Equal(names, Stops.Select(row => row.Data.Item1));
    }

    [Theory]
    [InlineData("User: a\nb\nc\n\nAssistant: d\ne\n\nUser: f\n\nAssistant:", "a\n\nb\r\n\r\n\r\nc", "d\n\n\ne", "f")]
    [InlineData("User: a\nb\n\nAssistant:", "a\nb")]
    public void Falcon_instructs_words_have_no_blank_lines(string expected, params string[] words) => Assert.Equal(
        expected,
        Rendering.Text(
            "falcon-instruct",
            addGenerationPrompt: true,
            [.. words.Select((text, index) => new Message(index % 2 == 0 ? Role.User : Role.Assistant, text))]));

    [Theory]
    [InlineData("alpaca", "### Response: b \n</s>")]
    [InlineData("chatml", "assistant\n b \n<|im_end|>")]
    [InlineData("dolly", "### Response:\nb\n\n### End")]
    [InlineData("falcon-instruct", ": b\n\nUser:")]
    [InlineData("llama-2", "[/INST] b </s>")]
    [InlineData("mistral", "[/INST] b</s>")]
    [InlineData("vicuna-v0", ": b\n###")]
    [InlineData("vicuna-v1.1", ": b</s>")]
    public void White_space_around_an_answer_goes_where_the_template_writes_its_own(string name, string expected)
    {
        string text = Rendering.Text(
            name, addGenerationPrompt: false, new(Role.User, "a"), new(Role.Assistant, " b \n"));

        Assert.EndsWith(expected, text, StringComparison.Ordinal);
    }
}
