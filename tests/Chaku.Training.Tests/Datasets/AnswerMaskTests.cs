using Chaku.Model.Files;
using Chaku.Model.Templates;
using Chaku.Model.Tokenizers;
using Chaku.Tests;
using Chaku.Training.Datasets;

namespace Chaku.Training.Tests.Datasets;

/// <summary>Of a record, the answer and its end are learnt, and no token else.</summary>
public sealed class AnswerMaskTests
{
    private const string Task =
        "Below is an instruction that describes a task. Write a response that appropriately completes the request.";

    [Fact]
    public void Every_token_of_a_record_is_marked_as_written_by_hand()
    {
        TrainingSequence sequence = Assert.Single(SampleData.Encode(
            "a.jsonl", """{"instruction": "Add 2 and 2.", "input": "", "output": "It is 4."}""").Training.Sequences);

        string prompt = Task + "\n\n### Instruction:\nAdd 2 and 2.\n\n### Response:";
        int[] expected =
            [SampleData.Bos, SampleData.Space, .. SampleData.Ids(prompt + "It is 4."), SampleData.Eos];
        Assert.Equal(expected, sequence.Tokens);
        Assert.Equal(
            [.. Enumerable.Repeat(false, prompt.Length + 2), .. Enumerable.Repeat(true, 9)], sequence.Trained);
        Assert.Equal(9, sequence.TrainedCount);
    }

    [Fact]
    public void An_input_is_part_of_the_prompt()
    {
        TrainingSequence sequence = Assert.Single(SampleData.Encode(
            "a.json", """[{"output": "B", "input": "a", "instruction": "Go on.", "id": 7}]""").Training.Sequences);

        int[] end = [.. SampleData.Ids("Go on.\n\n### Input:\na\n\n### Response:B"), SampleData.Eos];
        Assert.Equal(end, sequence.Tokens[^end.Length..]);
        Assert.All(sequence.Trained[..^2], Assert.False);
        Assert.All(sequence.Trained[^2..], Assert.True);
    }

    // The tokens of the prompt are those that LLaMA's own tokenizer is known to give, written down from public logs of
    // Alpaca trainings.
    [Fact]
    public void Llamas_vocabulary_gives_the_known_tokens_and_marks()
    {
        using GgufFile model = GgufFile.Open(Fixtures.Shared("tokenizers", "ggml-vocab-llama-spm.gguf"));
        PromptEncoder prompts = SampleData.Alpaca(Tokenizer.FromGguf(model));

        EncodedConversation encoded = prompts.Encode(
            new([new(Role.User, "Hello"), new(Role.Assistant, "Yes.")]), addGenerationPrompt: false);

        int[] prompt =
        [
            1, 13866, 338, 385, 15278, 393, 16612, 263, 3414, 29889, 14350, 263, 2933, 393, 7128, 2486, 1614, 2167, 278,
            2009, 29889, 13, 13, 2277, 29937, 2799, 4080, 29901, 13, 10994, 13, 13, 2277, 29937, 13291, 29901,
        ];
        Assert.Equal([.. prompt, 8241, 29889, 2], encoded.Ids);
        Assert.Equal([.. prompt.Select(_ => false), true, true, true], encoded.IsAnswer);
    }
}
