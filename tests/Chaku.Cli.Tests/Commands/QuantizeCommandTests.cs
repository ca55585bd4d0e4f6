using System.Text.Json;
using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Cli.Tests.Commands;

/// <summary>The command; how weights are rounded is tested with the library.</summary>
public sealed class QuantizeCommandTests : CommandSuite
{
    private const string Words = "the dog sat on the mat and the cat sat on the dog. ";

    private static string Wide => Fixtures.TestData("models", "quant", "llama-gqa-Q8_0.gguf");

    private string Target => InFolder("small.gguf");

    [Fact]
    public void What_it_loses_is_measured_and_the_file_says_how_it_was_made()
    {
        using JsonDocument said = JsonDocument.Parse(Run("quantize", TinyModel, "q8_0", "-o", Target, "--json").Output);
        JsonElement loss = said.RootElement.GetProperty("loss");

        Assert.Equal("Q8_0", said.RootElement.GetProperty("format").GetString());
        Assert.Equal(512, loss.GetProperty("token_count").GetInt32());
        Assert.InRange(loss.GetProperty("mean_kl").GetDouble(), 1e-9, 0.01);
        Assert.InRange(said.RootElement.GetProperty("relative_error").GetDouble(), 1e-4, 0.01);
        using GgufFile file = GgufFile.Open(Target);
        Assert.Equal(7u, file.Metadata["general.file_type"].Content);
        Assert.Equal(2u, file.Metadata["general.quantization_version"].Content);
        Assert.Equal(
            "chaku quantize llama-gqa.gguf q8_0 -o small.gguf --json", file.Metadata["chaku.made_with"].AsString());
    }

    [Fact]
    public void A_calibration_text_changes_the_rounding_and_nothing_else()
    {
        string text = Write("text.txt", string.Concat(Enumerable.Repeat(Words, 40)));
        string plain = InFolder("plain.gguf");
        _ = Run("quantize", Wide, "Q4_K_M", "-o", plain, "--no-measure");

        CommandResult result =
            Run("quantize", Wide, "Q4_K_M", "-o", Target, "--calibration", text, "--text", text, "--threads", "2");

        Assert.Equal(ExitCodes.Success, result.ExitCode);
        Assert.Contains("of text.txt", result.Output, StringComparison.Ordinal);
        using GgufFile before = GgufFile.Open(plain);
        using GgufFile after = GgufFile.Open(Target);
        Assert.Equal(before.Tensors.Select(tensor => $"{tensor}"), after.Tensors.Select(tensor => $"{tensor}"));
        string[] changed =
        [
            .. before.Tensors.Where(tensor => !Bytes(before, tensor).SequenceEqual(Bytes(after, after[tensor.Name])))
                .Select(tensor => tensor.Name),
        ];
        Assert.Contains("blk.0.attn_q.weight", changed);
        Assert.Contains("output.weight", changed);
        Assert.DoesNotContain("token_embd.weight", changed);
    }

    [Fact]
    public void Texts_and_target_are_looked_at_before_any_work()
    {
        string empty = Write("empty.txt", "");
        string copy = InFolder("copy.gguf");
        File.Copy(TinyModel, copy);
        string link = InFolder("link.gguf");
        File.CreateSymbolicLink(link, "copy.gguf");
        string folder = Fixtures.TestData("models", "folders", "llama3");

        Refuse(ExitCodes.Usage, "chaku convert", folder, Target);
        Refuse(ExitCodes.Failure, "cannot take the place", copy, copy, "--force");
        Refuse(ExitCodes.Failure, "cannot take the place", copy, link, "--force");
        Refuse(ExitCodes.Failure, "--force writes over it", TinyModel, copy);
        Refuse(ExitCodes.Failure, "folder does not exist", TinyModel, InFolder("none/a.gguf"));
        Refuse(ExitCodes.Failure, "has no name", TinyModel, "");
        Refuse(ExitCodes.Failure, "empty.txt", TinyModel, Target, "--text", empty);
        Refuse(ExitCodes.Failure, "empty.txt", TinyModel, Target, "--calibration", empty);
        Refuse(ExitCodes.Failure, "none.txt", TinyModel, Target, "--text", InFolder("none.txt"));
        Refuse(ExitCodes.Failure, "none.txt", TinyModel, Target, "--calibration", InFolder("none.txt"));
        Assert.Equal(File.ReadAllBytes(TinyModel), File.ReadAllBytes(copy));
        Assert.Equal([copy, empty, link], Directory.GetFileSystemEntries(Folder).Order(StringComparer.Ordinal));

        static void Refuse(int exitCode, string reason, string model, string target, params string[] more) =>
            Assert.Contains(
                reason,
                Refusal(exitCode, ["quantize", model, "Q8_0", "-o", target, .. more]),
                StringComparison.Ordinal);
    }

    [Fact]
    public void With_force_a_file_that_is_there_is_replaced()
    {
        File.WriteAllText(Target, "mine");

        CommandResult result = Run("quantize", TinyModel, "Q8_0", "-o", Target, "--no-measure", "--force");

        Assert.Equal(ExitCodes.Success, result.ExitCode);
        Assert.DoesNotContain("divergence", result.Output, StringComparison.Ordinal);
        using GgufFile file = GgufFile.Open(Target);
        Assert.Equal("Q8_0", file["blk.0.attn_q.weight"].Format.Name);
    }

    [Fact]
    public void Whoever_stops_the_measuring_is_told_that_the_file_is_there()
    {
        using TestTerminal terminal = new("")
        {
            OnCancellation = own =>
            {
                if (File.Exists(Target))
                {
                    own.Press();
                }
            },
        };

        CommandResult result = Run(terminal, "quantize", TinyModel, "Q8_0", "-o", Target);

        Assert.Equal(ExitCodes.Cancelled, result.ExitCode);
        Assert.Contains($"{Target} is written and complete", result.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(Target));
    }

    private static byte[] Bytes(GgufFile file, GgufTensor tensor) =>
        file.Bytes(tensor, 0, (int)tensor.ByteLength).ToArray();
}
