using System.Text;
using Chaku.Model.Templates;
using Chaku.Model.Tokenizers;
using Chaku.Training.Datasets;

namespace Chaku.Training.Tests.Datasets;

/// <summary>
/// Of every built-in template, which tokens are learnt, read over by hand against the templates' sources; they stand
/// between ⟦ and ⟧.
/// </summary>
public sealed class TemplateMaskTests
{
    private const string Question = "q ### USER: [/INST]";
    private const string Answer = "a </s><|im_end|>";

    // TASK, CHAT0, CHAT1, <P> and <A> stand for the longer texts below. «» are control tokens: those in a message are
    // none. Where a token of its own ends a stretch, SentencePiece puts a space before the next.
    private static readonly Dictionary<string, string> Expected = new()
    {
        ["alpaca"] =
            """
            «<s>» TASK

            ### Instruction:
            q ### USER: [/INST]

            ### Response:⟦a </s><|im_end|>«</s>»⟧ ### Instruction:
            r

            ### Response:⟦«</s>»⟧
            """,
        ["alpaca-lora"] =
            """
            «<s>» TASK

            ### Instruction:
            q ### USER: [/INST]

            ### Response:
            ⟦a </s><|im_end|>«</s>»⟧ ### Instruction:
            r

            ### Response:
            ⟦«</s>»⟧
            """,
        ["alpaca-fastchat"] =
            """
            «<s>» TASK

            ### Instruction: q ### USER: [/INST]

            ### Response:⟦ a </s><|im_end|>«</s>»⟧ ### Instruction: r

            ### Response:⟦ «</s>»⟧
            """,
        ["chatml"] =
            """
            «<s>»«<|im_start|>» user
            q ### USER: [/INST]«<|im_end|>» 
            «<|im_start|>» assistant
            ⟦a </s><|im_end|>«<|im_end|>»⟧ 
            «<|im_start|>» user
            r«<|im_end|>» 
            «<|im_start|>» assistant
            ⟦«<|im_end|>»⟧
            """,
        ["dolly"] =
            """
            «<s>» TASK

            ### Instruction:
            q ### USER: [/INST]

            ### Response:
            ⟦a </s><|im_end|>

            «### End»⟧ 

            ### Instruction:
            r

            ### Response:
            ⟦

            «### End»⟧
            """,
        ["falcon-instruct"] =
            """
            «<s>» User: q ### USER: [/INST]

            Assistant:⟦ a </s><|im_end|>

            User:⟧ r

            Assistant:⟦ 

            User:⟧
            """,
        ["falcon-180b-chat"] =
            """
            «<s>» User: q ### USER: [/INST]
            Falcon:⟦ a </s><|im_end|>
            User:⟧ r
            Falcon:⟦ 
            User:⟧
            """,
        ["llama-2"] =
            """
            «<s>» [INST] q ### USER: [/INST] [/INST]⟦ a </s><|im_end|> «</s>»⟧«<s>» [INST] r [/INST]⟦  «</s>»⟧
            """,
        ["llama-3"] =
            """
            «<s>»«<|start_header_id|>» user«<|end_header_id|>» 

            q ### USER: [/INST]«<|eot_id|>»«<|start_header_id|>» assistant«<|end_header_id|>» 

            ⟦a </s><|im_end|>«<|eot_id|>»⟧«<|start_header_id|>» user«<|end_header_id|>» 

            r«<|eot_id|>»«<|start_header_id|>» assistant«<|end_header_id|>» 

            ⟦«<|eot_id|>»⟧
            """,
        ["mistral"] =
            """
            «<s>» [INST] q ### USER: [/INST] [/INST]⟦ a </s><|im_end|>«</s>»⟧ [INST] r [/INST]⟦ «</s>»⟧
            """,
        ["oasst"] =
            """
            «<s>»«<P>» q ### USER: [/INST]«</s>»«<A>»⟦ a </s><|im_end|>«</s>»⟧«<P>» r«</s>»«<A>»⟦«</s>»⟧
            """,
        ["vicuna-v0"] =
            """
            «<s>» CHAT0
            ### Human: q ### USER: [/INST]
            ### Assistant:⟦ a </s><|im_end|>
            ###⟧ Human: r
            ### Assistant:⟦ 
            ###⟧
            """,
        ["vicuna-v1.1"] =
            """
            «<s>» CHAT1 USER: q ### USER: [/INST] ASSISTANT:⟦ a </s><|im_end|>«</s>»⟧ USER: r ASSISTANT:⟦ «</s>»⟧
            """,
    };

    private static readonly (string Name, string Text)[] LongTexts =
    [
        ("<P>", "<|prompter|>"),
        ("<A>", "<|assistant|>"),
        ("TASK", "Below is an instruction that describes a task. Write a response that appropriately completes " +
            "the request."),
        ("CHAT0", "A chat between a curious human and an artificial intelligence assistant. The assistant gives " +
            "helpful, detailed, and polite answers to the human's questions."),
        ("CHAT1", "A chat between a curious user and an artificial intelligence assistant. The assistant gives " +
            "helpful, detailed, and polite answers to the user's questions."),
    ];

    // The same question and answer in every format: name, file, content.
    private static readonly Dictionary<string, (string File, string Content)> Samples = new()
    {
        ["alpaca"] = ("a.csv", "instruction,input,output\nq,,a\n"),
        ["dolly"] = ("a.json", """[{"instruction": "q", "context": "", "response": "a", "category": "c"}]"""),
        ["sharegpt"] = (
            "a.json", """[{"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]}]"""),
        ["openai"] = (
            "a.jsonl",
            """{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}"""),
        ["oasst"] = ("a.jsonl", Tree),
        ["oasst-all"] = ("a.jsonl", Tree),
    };

    private const string Tree =
        """{"prompt": {"role": "prompter", "text": "q", "replies": [""" +
        """{"role": "assistant", "text": "a", "replies": []}]}}""";

    public static TheoryData<string> Templates => [.. ChatTemplates.All.Select(template => template.Name)];

    [Theory]
    [MemberData(nameof(Templates))]
    public void Answers_and_their_ends_are_learnt_and_nothing_else_even_if_a_message_looks_like_markup(string name)
    {
        string expected = LongTexts.Aggregate(
            Expected[name],
            (text, entry) => text.Replace(entry.Name, entry.Text, StringComparison.Ordinal));
        TrainingSequence sequence = Assert.Single(
            Encode(name, "a.jsonl", Line(Question, Answer, "r", "")).Training.Sequences);
        Assert.Equal(expected, SampleData.Seen(name, sequence));
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public void Every_format_gives_the_same_tokens_and_masks(string name)
    {
        TrainingSequence expected = Assert.Single(
            Encode(name, "a.jsonl", Line("q", "a"), "openai").Training.Sequences);
        foreach (DatasetFormat format in DatasetFormats.All.Where(format => format.HasConversations))
        {
            (string file, string content) = Samples[format.Name];
            TrainingSequence sequence = Assert.Single(Encode(name, file, content, format.Name).Training.Sequences);
            Assert.Equal(expected.Tokens, sequence.Tokens);
            Assert.Equal(expected.Trained, sequence.Trained);
        }
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public void An_answer_longer_than_the_context_and_one_that_is_masked_are_dropped_and_named(string name)
    {
        string masked = Line("q", "a").Replace("\"a\"}", "\"a\", \"weight\": 0}", StringComparison.Ordinal);
        string lines = string.Join('\n', Line("q", "a"), Line("q", new string('a', 2000)), masked, Line("q", ""));

        TrainingData data = Encode(name, "a.jsonl", lines, contextLength: 1000);

        Assert.Equal(["line 1", "line 4"], data.Training.Sequences.Select(sequence => sequence.Place));
        Assert.Equal(
            [("line 2", "longer than the context of 1000 tokens"), ("line 3", "no token to learn")],
            data.Dropped.Select(dropped => (dropped.Place, dropped.Kind)));
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public void Of_two_answers_the_one_of_weight_0_is_not_learnt(string name)
    {
        string both = Line("q", "no", "r", "yes");
        TrainingSequence learnt = Assert.Single(Encode(name, "a.jsonl", both).Training.Sequences);
        TrainingSequence half = Assert.Single(Encode(
            name, "a.jsonl", both.Replace("\"no\"}", "\"no\", \"weight\": 0}", StringComparison.Ordinal))
            .Training.Sequences);

        Assert.Equal(learnt.Tokens, half.Tokens);
        string seen = SampleData.Seen(name, learnt);
        int start = seen.IndexOf('⟦', StringComparison.Ordinal);
        int end = seen.IndexOf('⟧', StringComparison.Ordinal);
        Assert.Equal(seen.Remove(end, 1).Remove(start, 1), SampleData.Seen(name, half));
    }

    private static string Line(params string[] messages)
    {
        string turns = string.Join(", ", messages.Select((text, index) =>
            $$"""{"role": "{{(index % 2 == 0 ? "user" : "assistant")}}", "content": "{{text}}"}"""));
        return $$"""{"messages": [{{turns}}]}""";
    }

    private static TrainingData Encode(
        string template, string file, string content, string? format = null, int contextLength = 10_000)
    {
        Tokenizer tokenizer = SampleData.TokenizerFor(ChatTemplates.Find(template));
        return SampleData.OnDisk(file, Encoding.UTF8.GetBytes(content), path => DatasetEncoder.Encode(
            Dataset.Read(path, format),
            tokenizer,
            new PromptEncoder(tokenizer, ChatTemplates.Find(template)),
            contextLength,
            cancellation: TestContext.Current.CancellationToken));
    }
}
