using Chaku.Training.Datasets;

namespace Chaku.Training.Tests.Datasets;

/// <summary>Plain text becomes windows that do not overlap.</summary>
public sealed class TextWindowTests
{
    [Fact]
    public void Windows_begin_with_bos_and_all_else_is_learnt()
    {
        TrainingData data = SampleData.Encode("a.txt", "abcdefg", contextLength: 4);

        Assert.Equal(
            [
                [SampleData.Bos, SampleData.Space, .. SampleData.Ids("ab")],
                [SampleData.Bos, .. SampleData.Ids("cde")],
                [SampleData.Bos, .. SampleData.Ids("fg")],
            ],
            data.Training.Sequences.Select(sequence => sequence.Tokens));
        Assert.Equal(
            [[false, true, true, true], [false, true, true, true], [false, true, true]],
            data.Training.Sequences.Select(sequence => sequence.Trained));
        Assert.Equal(11, data.Training.TokenCount);
        Assert.Equal(8, data.Training.TrainedTokenCount);
        Assert.Empty(data.Dropped);
        Assert.Equal(1, data.RecordCount);
    }

    [Fact]
    public void Without_bos_a_windows_first_token_is_not_learnt_and_a_single_rest_is_named()
    {
        TrainingData data = SampleData.Encode("a.txt", "abcdef", contextLength: 3, addBos: false);

        Assert.Equal(
            [[SampleData.Space, .. SampleData.Ids("ab")], SampleData.Ids("cde")],
            data.Training.Sequences.Select(sequence => sequence.Tokens));
        Assert.All(data.Training.Sequences, sequence => Assert.Equal([false, true, true], sequence.Trained));
        Assert.Contains("1 token is left over", Assert.Single(data.Dropped).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void The_last_share_of_the_tokens_is_held_out()
    {
        // 39 letters and the space before them are 40 tokens, of which a tenth is 4.
        TrainingData data = SampleData.Encode("a.txt", new string('a', 35) + "bcde", contextLength: 10, share: 0.1);

        Assert.Equal([10, 10, 10, 10], data.Training.Sequences.Select(sequence => sequence.Tokens.Length));
        Assert.Equal([SampleData.Bos, .. SampleData.Ids("bcde")], Assert.Single(data.Validation.Sequences).Tokens);
        Assert.Equal(4, data.Validation.TrainedTokenCount);
    }

    [Fact]
    public void What_is_no_utf_8_is_refused_with_its_line()
    {
        DatasetException exception =
            Assert.Throws<DatasetException>(() => SampleData.Read("a.txt", [0x61, 0x0A, 0x0A, 0xC3, 0x0A, 0x62]));
        Assert.EndsWith("a.txt, line 3: expected UTF-8", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_byte_order_mark_is_no_text() =>
        Assert.Equal("x", Assert.IsType<TextRecord>(Assert.Single(SampleData.Read("a.txt", "\uFEFFx"))).Text);
}
