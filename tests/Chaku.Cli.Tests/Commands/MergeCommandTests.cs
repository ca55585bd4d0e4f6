using System.Text.Json;
using Chaku.Tests;

namespace Chaku.Cli.Tests.Commands;

/// <summary>Nothing is kept that nobody agreed to, and what is kept has been measured.</summary>
public sealed class MergeCommandTests : CommandSuite
{
    private static readonly string[] Fast = ["--batch", "1", "--rank", "2", "--threads", "2", "--steps", "2"];

    private static string Adapter => Fixtures.TestData("oracle", "gguf-adapter", "llama-gqa.lora-init.gguf");

    private static string KQuant => Fixtures.TestData("models", "quant", "llama-gqa-Q4_K_M.gguf");

    private string Target => InFolder("merged.gguf");

    [Fact]
    public void A_merged_F32_model_loses_nothing_and_is_shown()
    {
        using JsonDocument said = JsonDocument.Parse(
            Run("merge", TinyModel, Adapter, "-o", Target, "--yes", "--json").Output);
        JsonElement root = said.RootElement;
        JsonElement loss = root.GetProperty("loss");

        Assert.True(root.GetProperty("kept").GetBoolean());
        Assert.Equal(14, root.GetProperty("matrix_count").GetInt32());
        Assert.Equal("F32", $"{root.GetProperty("formats")[0]}");
        Assert.False(root.GetProperty("advised_against").GetBoolean());
        Assert.InRange(loss.GetProperty("mean_kl").GetDouble(), -1e-9, 1e-9);
        Assert.Equal(1, loss.GetProperty("same_top_share").GetDouble());
        Assert.InRange(loss.GetProperty("token_count").GetInt32(), 200, 1000);
        using JsonDocument shown = JsonDocument.Parse(Result("show", Target, "--json"));
        Assert.Equal("model", shown.RootElement.GetProperty("kind").GetString());
        Assert.Equal(
            "chaku merge llama-gqa.gguf llama-gqa.lora-init.gguf -o merged.gguf --yes --json",
            $"{shown.RootElement.GetProperty("metadata").GetProperty("chaku.made_with")}");
    }

    [Theory]
    [InlineData("y\n", true)]
    [InlineData("n\n", false)]
    [InlineData("", false)]
    public void A_person_is_told_and_asked_and_decides(string answer, bool isKept)
    {
        using TestTerminal terminal = new(answer) { IsPersonal = true, HasErrorTerminal = true };
        string text = Write("text.txt", "the dog sat on the mat and the cat sat on the dog");

        CommandResult result = Run(terminal, "merge", TinyModel, Adapter, "-o", Target, "--text", text);

        Assert.Equal(isKept, File.Exists(Target));
        Assert.Equal(isKept ? ExitCodes.Success : ExitCodes.Failure, result.ExitCode);
        Assert.Contains("stays exact and costs little", result.Error, StringComparison.Ordinal);
        Assert.Contains("of text.txt", result.Error, StringComparison.Ordinal);
        Assert.Contains($"Keep {Target} (y/N)?", result.Error, StringComparison.Ordinal);
        Assert.Equal(isKept, result.Output.Contains("14 matrices merged, in F32", StringComparison.Ordinal));
        Assert.Equal(isKept ? 2 : 1, Directory.GetFileSystemEntries(Folder).Length);
    }

    [Fact]
    public void K_quants_are_advised_against_with_the_figure()
    {
        string mine = Tuned();
        using TestTerminal terminal = new("n\n") { IsPersonal = true, HasErrorTerminal = true };

        CommandResult asked = Run(terminal, "merge", KQuant, mine, "-o", Target);
        using JsonDocument kept = JsonDocument.Parse(
            Run("merge", KQuant, mine, "-o", Target, "--yes", "--json").Output);
        using JsonDocument wide = JsonDocument.Parse(
            Run("merge", KQuant, mine, "-o", Target, "--yes", "--json", "--type", "f16").Output);

        Assert.Contains("Advised against: Q4_K", asked.Error, StringComparison.Ordinal);
        Assert.True(kept.RootElement.GetProperty("advised_against").GetBoolean());
        Assert.False(wide.RootElement.GetProperty("advised_against").GetBoolean());
        double rounded = kept.RootElement.GetProperty("loss").GetProperty("mean_kl").GetDouble();
        double half = wide.RootElement.GetProperty("loss").GetProperty("mean_kl").GetDouble();

        // What is left of it: activations meet matrices in F16 unrounded.
        Assert.InRange(rounded, 2 * half, 1);
    }

    [Fact]
    public void Without_a_person_it_wants_a_yes_before_it_does_anything()
    {
        string line = Refusal(ExitCodes.Usage, "merge", InFolder("none.gguf"), Adapter, "-o", Target);

        Assert.Contains("or add --yes", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_input_is_refused_and_nothing_is_left()
    {
        string folder = Fixtures.TestData("models", "folders", "llama3");
        string copy = InFolder("copy.gguf");
        File.Copy(TinyModel, copy);

        Refuse("--type takes same, f32", TinyModel, Adapter, Target, "--type", "q9");
        Refuse("take the place", copy, Adapter, copy);
        Refuse("take the place", TinyModel, copy, copy);
        Refuse("chaku convert", folder, Adapter, Target);
        Refuse("takes a scale", TinyModel, Adapter + "=x", Target);
        Assert.Equal([copy], Directory.GetFileSystemEntries(Folder));

        static void Refuse(string reason, string model, string adapter, string target, params string[] more) =>
            Assert.Contains(
                reason,
                Refusal(ExitCodes.Usage, ["merge", model, adapter, "-o", target, "--yes", .. more]),
                StringComparison.Ordinal);
    }

    [Fact]
    public void A_cancelled_merge_leaves_nothing()
    {
        using TestTerminal terminal = new("")
        {
            OnError = own => own.Press(),
        };

        CommandResult result = Run(terminal, "merge", TinyModel, Adapter, "-o", Target, "--yes");

        Assert.Equal(ExitCodes.Cancelled, result.ExitCode);
        Assert.Empty(Directory.GetFileSystemEntries(Folder));
    }

    private string Tuned()
    {
        string data = Write("data.txt", "the dog sat on the mat. the cat sat on the dog. the mat sat on the cat.");
        Run(["tune", KQuant, data, "-o", InFolder("mine"), "--lr", "0.01", "--data-license", "mit", .. Fast]);
        return InFolder("mine");
    }
}
