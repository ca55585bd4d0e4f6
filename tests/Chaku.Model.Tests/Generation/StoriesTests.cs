using Chaku.Model.Generation;
using Chaku.Tests;

namespace Chaku.Model.Tests.Generation;

/// <summary>A real trained model says what llama2.c's own program prints.</summary>
public sealed class StoriesTests
{
    // llama2.c ends at BOS, and was trained with a context of 512, which the file does not say.
    [Theory]
    [InlineData("", 200, 0)]
    [InlineData("One day, a cat", 250, 1)]
    public void Greedy_text_equals_the_golden_one(string prompt, int maxTokens, int number)
    {
        string expected = Golden(number);
        using LanguageModel model = LanguageModel.Load(
            Fixtures.Shared("models", "stories260K", "stories260K.gguf"), new ModelOptions { ContextLength = 512 });
        GenerationOptions options = new() { Temperature = 0, StopIds = [1], MaxTokens = maxTokens };
        string answer = string.Concat(model.Generate(prompt, options).Select(step => step.Text));
        Assert.Equal(expected, prompt + answer);
        Assert.Single(model.Notices);
    }

    private static string Golden(int number) =>
        File.ReadAllText(Fixtures.Shared("models", "stories260K", "EXPECTED.md"))
            .Split("```\n")[(2 * number) + 1].TrimEnd('\n');
}
