using Chaku.Model.Files;
using Chaku.Model.Templates;
using Chaku.Model.Tokenizers;
using Chaku.Tests;
using Chaku.Training.Datasets;
using CsCheck;

namespace Chaku.Training.Tests.Datasets;

/// <summary>Counts, of small data and of real ones.</summary>
public sealed class DatasetSurveyTests
{
    [Fact]
    public void Records_are_counted_measured_and_compared()
    {
        DatasetSurvey survey = SampleData.OnDisk("a.jsonl", """
            {"conversations": [{"from": "human", "value": "abc"}, {"from": "gpt", "value": "de"}]}
            {"conversations": [{"from": "human", "value": "abc"}, {"from": "gpt", "value": " "}]}
            {"conversations": [{"from": "human", "value": "abc"}, {"from": "gpt", "value": "de"}]}
            {"conversations": [{"from": "human", "value": "abc"}, {"from": "human", "value": "d"}]}
            {"conversations": [{"from":"gpt","value":"x"}, {"from":"human","value":"�"}, {"from":"gpt","value":"y"}]}
            """u8.ToArray(), path => DatasetSurvey.Of(Dataset.Read(path)));

        Assert.Equal((5, 4, 0, 4), (
            survey.RecordCount, survey.ConversationCount, survey.TextCount, survey.AnswerCount));
        Assert.Equal(new LengthSummary(4, 2, 4, 5, 5, 16), survey.Characters);
        Assert.Equal(new LengthSummary(4, 1, 1, 2, 2, 6), survey.AnswerCharacters);
        Assert.Equal(["line 3"], survey.Duplicates);
        Assert.Equal([("no answer", "line 4")], Flat(survey.Unusable));
        Assert.Equal([(RecordChange.Headless, "line 5")], Flat(survey.Changed));
        Assert.Equal(
            [
                ("an empty answer: only its end is learnt", "line 2"),
                ("the character U+FFFD, which a wrong decoding leaves", "line 5"),
            ],
            Flat(survey.Noted));
    }

    [Fact]
    public void Lengths_are_summed_up_as_their_definitions_say() =>
        Gen.Long[0, 1000].Array[0, 50].Sample(lengths =>
        {
            LengthSummary summary = LengthSummary.Of(lengths);
            Assert.Equal(lengths.Sum(), summary.Sum);
            Assert.Equal(lengths.DefaultIfEmpty().Min(), summary.Least);
            Assert.Equal(lengths.DefaultIfEmpty().Max(), summary.Most);
            Assert.True(lengths.Count(length => length <= summary.Median) * 2 >= lengths.Length);
            Assert.True(lengths.Count(length => length < summary.Median) * 2 <= lengths.Length);
            Assert.True(lengths.Count(length => length <= summary.Most95) * 100 >= lengths.Length * 95);
        });

    // Every record of a real data set is learnt from, or named as dropped; none is both.
    [Theory]
    [InlineData("alpaca-999.json", "alpaca", 999, 999)]
    [InlineData("dolly-3k.json", "alpaca", 2996, 2996)]
    [InlineData("sharegpt-dummy.json", "sharegpt", 500, 1000)]
    [InlineData("oasst-100-trees.jsonl", "oasst", 100, 142)]
    [InlineData("toolcall-300.json", "sharegpt", 300, 957)]
    public void Of_real_data_records_in_are_trained_and_dropped(string file, string format, int records, int answers)
    {
        Dataset dataset = Dataset.Read(Fixtures.Shared("data", file));
        using GgufFile vocabulary = GgufFile.Open(Fixtures.Shared("tokenizers", "ggml-vocab-llama-spm.gguf"));
        Tokenizer tokenizer = Tokenizer.FromGguf(vocabulary);
        PromptEncoder prompts = new(tokenizer, ChatTemplates.Find("vicuna-v1.1"));

        TrainingData data = DatasetEncoder.Encode(
            dataset, tokenizer, prompts, 512, cancellation: TestContext.Current.CancellationToken);

        Assert.Equal(format, dataset.Format.Name);
        Assert.Equal(records, data.RecordCount);
        Assert.Equal(answers, DatasetSurvey.Of(dataset).AnswerCount);
        Assert.Equal(
            dataset.Records.Select(record => record.Place).Order(),
            data.Training.Sequences.Select(sequence => sequence.Place)
                .Concat(data.Dropped.Select(dropped => dropped.Place)).Order());
        Assert.All(data.Dropped, dropped => Assert.Equal("longer than the context of 512 tokens", dropped.Kind));
        Assert.All(data.Training.Sequences, sequence => Assert.InRange(sequence.TrainedCount, 1, 511));
    }

    private static IEnumerable<(string Kind, string Place)> Flat(IEnumerable<RecordGroup> groups) =>
        groups.Select(group => (group.Kind, Assert.Single(group.Places)));
}
