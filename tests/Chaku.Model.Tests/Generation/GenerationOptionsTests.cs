using Chaku.Model.Generation;

namespace Chaku.Model.Tests.Generation;

public sealed class GenerationOptionsTests
{
    private static readonly (GenerationOptions Options, string Word)[] Wrong =
    [
        (new() { MaxTokens = 0 }, "0"),
        (new() { Temperature = -1 }, "-1"),
        (new() { Temperature = float.NaN }, "NaN"),
        (new() { TopK = -1 }, "-1"),
        (new() { TopP = 0 }, "0"),
        (new() { TopP = 1.5f }, "1.5"),
        (new() { MinP = -0.5f }, "-0.5"),
        (new() { RepetitionPenalty = 0 }, "0"),
        (new() { FrequencyPenalty = float.PositiveInfinity }, "frequency"),
        (new() { PresencePenalty = float.NaN }, "presence"),
        (new() { LogProbabilities = 101 }, "101"),
        (new() { StopStrings = ["x", ""] }, "empty"),
        (new() { StopIds = [10] }, "10"),
        (new() { LogitBias = new Dictionary<int, float> { [-1] = 0 } }, "-1"),
        (new() { LogitBias = new Dictionary<int, float> { [1] = float.NaN } }, "NaN"),
        (new() { LogitBias = new Dictionary<int, float> { [1] = float.PositiveInfinity } }, "token 1"),
    ];

    public static TheoryData<int> Numbers => [.. Enumerable.Range(0, Wrong.Length)];

    [Theory]
    [MemberData(nameof(Numbers))]
    public void A_value_that_cannot_be_is_refused_with_its_number(int number)
    {
        string message = Assert.Throws<ArgumentException>(() => Wrong[number].Options.Validate(10)).Message;
        Assert.Contains(Wrong[number].Word, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void The_defaults_are_fine() => new GenerationOptions().Validate(1);
}
