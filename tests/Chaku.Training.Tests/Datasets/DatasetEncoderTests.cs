using Chaku.Training.Datasets;

namespace Chaku.Training.Tests.Datasets;

public sealed class DatasetEncoderTests
{
    private static readonly string[] Letters = [.. "abcdefghij".Select(letter => letter.ToString())];

    [Fact]
    public void A_record_that_does_not_fit_is_dropped_whole_and_named()
    {
        int fitting = SampleData.Encode("a.jsonl", Lines("x")).Training.Sequences[0].Tokens.Length;
        TrainingData data = SampleData.Encode("a.jsonl", Lines("x", "yy", "z"), fitting);

        Assert.Equal(3, data.RecordCount);
        Assert.Equal(2, data.Training.Sequences.Count);
        Assert.All(data.Training.Sequences, sequence => Assert.Equal(fitting, sequence.Tokens.Length));
        DroppedRecord dropped = Assert.Single(data.Dropped);
        Assert.Equal("line 2", dropped.Place);
        Assert.Equal($"{fitting + 1} tokens do not fit into the context of {fitting}", dropped.Reason);
    }

    [Fact]
    public void The_last_share_of_the_sequences_is_held_out()
    {
        TrainingData data = SampleData.Encode("a.jsonl", Lines(Letters), share: 0.29);

        Assert.Equal(Letters[..7], data.Training.Sequences.Select(Answer));
        Assert.Equal(Letters[7..], data.Validation.Sequences.Select(Answer));
    }

    [Theory]
    [InlineData("a.txt", "")]
    [InlineData("a.json", "[]")]
    [InlineData("a.jsonl", "\n \n")]
    public void An_empty_data_set_is_refused(string name, string content) => Assert.Contains(
        "there is no record", Refusal(() => SampleData.Encode(name, content)), StringComparison.Ordinal);

    [Fact]
    public void A_data_set_of_which_nothing_is_left_is_refused_with_the_first_reason() => Assert.Contains(
        "of 2 records 2 were dropped, the first (line 1): ",
        Refusal(() => SampleData.Encode("a.jsonl", Lines("x", "y"), 20)),
        StringComparison.Ordinal);

    [Theory]
    [InlineData(0.05)]
    [InlineData(1)]
    [InlineData(-0.1)]
    [InlineData(double.NaN)]
    public void A_share_that_holds_out_nothing_or_all_is_refused(double share) => Assert.Contains(
        "hold out",
        Refusal(() => SampleData.Encode("a.jsonl", Lines("x", "y"), share: share)),
        StringComparison.Ordinal);

    [Fact]
    public void Encoding_tells_how_far_it_is_and_can_be_stopped()
    {
        string path = Path.GetTempFileName();
        File.WriteAllText(path, Lines(Letters));
        using CancellationTokenSource cancellation = new();
        List<(int Done, int All)> told = [];

        Assert.Throws<OperationCanceledException>(() => DatasetEncoder.Encode(
            Dataset.Read(path, "alpaca"),
            SampleData.Tokenizer(),
            SampleData.Alpaca(SampleData.Tokenizer()),
            1000,
            progress: (done, all) =>
            {
                told.Add((done, all));
                if (done == 2)
                {
                    cancellation.Cancel();
                }
            },
            cancellation: cancellation.Token));

        Assert.Equal([(1, 10), (2, 10)], told);
        File.Delete(path);
    }

    private static string Lines(params IEnumerable<string> outputs) => string.Join(
        '\n', outputs.Select(output => $$"""{"instruction": "i", "output": "{{output}}"}"""));

    private static string Answer(TrainingSequence sequence) => ((char)(sequence.Tokens[^2] - 3)).ToString();

    private static string Refusal(Action encode) => Assert.Throws<DatasetException>(encode).Message;
}
