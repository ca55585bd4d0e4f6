using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Cli.Tests.Commands;

/// <summary>The command; what it converts is tested with the library.</summary>
public sealed class ConvertCommandTests : CommandSuite
{
    [Fact]
    public void A_file_goes_to_a_folder_and_back_and_says_the_same()
    {
        string line = Result("convert", TinyModel, "-o", InFolder("folder"));
        _ = Result("convert", InFolder("folder"), "-o", InFolder("back.gguf"));

        Assert.Equal($"{InFolder("folder")}: 21 tensors, 0.5 MB\n", line);
        string[] run = ["abc", "--temperature", "0", "--max-tokens", "16"];
        Assert.Equal(Result(["run", TinyModel, .. run]), Result(["run", InFolder("back.gguf"), .. run]));
    }

    [Fact]
    public void The_model_that_the_program_carries_is_converted_by_its_name()
    {
        _ = Result("convert", "chaku-tiny", "-o", InFolder("tiny"));

        string[] run = ["The llama", "--temperature", "0", "--max-tokens", "16"];
        Assert.Equal(Result(["run", "chaku-tiny", .. run]), Result(["run", InFolder("tiny"), .. run]));
    }

    [Fact]
    public void A_folder_without_a_tokenizer_is_converted_and_that_is_said()
    {
        string folder = Fixtures.TestData("models", "folders", "llama3");

        CommandResult result = Run("convert", folder, "-o", InFolder("a.gguf"), "--type", "BF16");

        Assert.Equal(ExitCodes.Success, result.ExitCode);
        Assert.Equal("chaku: warning: the folder has no tokenizer, and neither has the file\n", result.Error);
        using GgufFile file = GgufFile.Open(InFolder("a.gguf"));
        Assert.Equal("BF16", file["token_embd.weight"].Format.Name);
    }

    [Fact]
    public void A_type_that_there_is_not_is_refused() => Assert.Contains(
        "--type is one of f32, f16, bf16, not 'q4_0'; chaku quantize makes quantised files",
        Refusal(ExitCodes.Usage, "convert", TinyModel, "-o", InFolder("a"), "--type", "q4_0"),
        StringComparison.Ordinal);

    [Fact]
    public void A_type_of_an_adapter_is_refused() => Assert.Contains(
        "--type is for models",
        Refusal(ExitCodes.Usage, "convert", "adapter", "-o", InFolder("a"), "--model", TinyModel, "--type", "f16"),
        StringComparison.Ordinal);

    [Fact]
    public void The_command_as_it_was_typed_is_in_the_file()
    {
        string folder = Fixtures.TestData("models", "folders", "llama3");

        _ = Run("convert", folder, "--type", "F16", "--force", "-o", InFolder("a.gguf"), "--threads", "1");

        using GgufFile file = GgufFile.Open(InFolder("a.gguf"));
        Assert.Equal(
            "chaku convert llama3 --type F16 --force -o a.gguf --threads 1",
            file.Metadata["chaku.made_with"].AsString());
    }

    [Fact]
    public void A_target_without_a_name_is_refused() => Assert.Contains(
        "the target has no name",
        Refusal(ExitCodes.Failure, "convert", TinyModel, "-o", ""),
        StringComparison.Ordinal);

    [Fact]
    public void What_is_there_stays_without_force()
    {
        string taken = Write("taken.gguf", "mine");
        string folder = Fixtures.TestData("models", "folders", "llama3");

        string refusal = Refusal(ExitCodes.Failure, "convert", folder, "-o", taken);

        Assert.Contains("--force", refusal, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(taken));
        Assert.Equal(ExitCodes.Success, Run("convert", folder, "-o", taken, "--force").ExitCode);
        Assert.NotEqual("mine", File.ReadAllText(taken));
    }
}
