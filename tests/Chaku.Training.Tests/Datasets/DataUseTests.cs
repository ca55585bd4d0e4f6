using Chaku.Training.Datasets;

namespace Chaku.Training.Tests.Datasets;

public sealed class DataUseTests
{
    private static readonly string[] Letters = [.. "abcdefghij".Select(letter => letter.ToString())];

    [Theory]
    [InlineData(null, 0.3, 3)]
    [InlineData(2, 0.0, 2)]
    [InlineData(2, 0.3, 2)]
    [InlineData(2000, 0.1, 1)]
    public void A_share_a_number_or_the_smaller_of_both_is_held_out(int? count, double share, int expected)
    {
        TrainingData data = Encode(
            Lines(Letters), new DataUse { ValidationShare = share, ValidationCount = count });

        Assert.Equal(Letters[^expected..], data.Validation.Sequences.Select(Answer));
        Assert.Equal(Letters[..^expected], data.Training.Sequences.Select(Answer));
    }

    [Theory]
    [InlineData(10, "10 sequences: holding out 10 sequences of them leaves nothing to learn")]
    [InlineData(int.MaxValue, "holding out 2147483647 sequences of them leaves nothing to learn")]
    [InlineData(0, "at least 1, not 0")]
    [InlineData(-1, "at least 1, not -1")]
    public void A_number_that_leaves_nothing_is_refused(int count, string expected) => Assert.Contains(
        expected,
        Assert.Throws<DatasetException>(
            () => Encode(Lines(Letters), new DataUse { ValidationCount = count })).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Of_one_text_the_last_windows_are_held_out()
    {
        TrainingData data = SampleData.Encode(
            "a.txt", new string('x', 99), contextLength: 11, use: new DataUse { ValidationCount = 2 });

        Assert.Equal(8, data.Training.Sequences.Count);
        Assert.Equal([11, 11], data.Validation.Sequences.Select(sequence => sequence.Tokens.Length));
    }

    [Fact]
    public void Inputs_are_learnt_where_they_are_asked_for_and_tokens_stay_the_same()
    {
        string line = Lines(["a"]);
        TrainingSequence answers = Assert.Single(Encode(line, new DataUse()).Training.Sequences);

        TrainingSequence all = Assert.Single(
            Encode(line, new DataUse { LearnsInputs = true }).Training.Sequences);

        Assert.Equal(answers.Tokens, all.Tokens);
        Assert.False(all.Trained[0]);
        Assert.All(all.Trained.Skip(1), Assert.True);
    }

    [Fact]
    public void With_inputs_an_answer_of_weight_0_is_still_not_learnt()
    {
        string line =
            """{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "no", "weight": 0},""" +
            """ {"role": "user", "content": "r"}, {"role": "assistant", "content": "yes"}]}""";
        TrainingSequence learnt = Assert.Single(Encode(line, new DataUse()).Training.Sequences);

        TrainingSequence all = Assert.Single(
            Encode(line, new DataUse { LearnsInputs = true }).Training.Sequences);

        int[] untrained = [.. Enumerable.Range(0, all.Tokens.Length).Where(index => !all.Trained[index])];
        Assert.Equal([SampleData.Bos, .. SampleData.Ids("no"), SampleData.Eos], untrained.Select(at => all.Tokens[at]));
        Assert.All(untrained, index => Assert.False(learnt.Trained[index]));
    }

    private static TrainingData Encode(string lines, DataUse use) =>
        SampleData.Encode("a.jsonl", lines, use: use);

    private static string Lines(IEnumerable<string> outputs) => string.Join(
        '\n', outputs.Select(output => $$"""{"instruction": "i", "output": "{{output}}"}"""));

    private static string Answer(TrainingSequence sequence) => ((char)(sequence.Tokens[^2] - 3)).ToString();
}
