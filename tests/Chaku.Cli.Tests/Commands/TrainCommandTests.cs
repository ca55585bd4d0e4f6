namespace Chaku.Cli.Tests.Commands;

public sealed class TrainCommandTests : CommandSuite
{
    private const string Description =
        """
        {
          "name": "new", "model_type": "llama", "vocab_size": 270, "max_position_embeddings": 32, "hidden_size": 8,
          "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
          "special_tokens": ["<|end|>"], "eos_token": "<|end|>"
        }
        """;

    [Fact]
    public void A_new_model_is_trained_and_runs()
    {
        string config = Write("new.json", Description);
        string data = Write("text.txt", string.Concat(Enumerable.Repeat("The herd went up the hill. ", 40)));
        string[] train = ["train", config, data, "-o", InFolder("new.gguf"), "--steps", "3", "--data-license", "mit"];

        CommandResult result = Run(train);

        Assert.Equal(ExitCodes.Success, result.ExitCode);
        Assert.Contains("new.gguf", result.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(InFolder("new.run/README.md")));
        Assert.Equal(ExitCodes.Success, Run("run", InFolder("new.gguf"), "The", "--max-tokens", "3").ExitCode);
        Assert.Contains("is complete", Run([.. train, "--resume"]).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--rank")]
    [InlineData("--full")]
    public void A_new_model_has_no_option_of_an_adapter(string option) =>
        Refusal(ExitCodes.Usage, "train", "new.json", "text.txt", "-o", "new.gguf", option, "1");

    [Fact]
    public void A_description_of_another_family_is_refused()
    {
        string config = Write("new.json", Description.Replace("llama", "falcon", StringComparison.Ordinal));

        string data = Write("text.txt", "text");

        string line = Refusal(ExitCodes.Failure, "train", config, data, "-o", InFolder("new.gguf"));

        Assert.Contains("falcon", line, StringComparison.Ordinal);
        Assert.False(File.Exists(InFolder("new.gguf")));
    }
}
