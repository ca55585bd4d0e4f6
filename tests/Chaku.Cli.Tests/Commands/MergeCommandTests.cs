using System.Text.Json;
using Chaku.Model.Files;
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
        string halved = InFolder("f16.gguf");
        using JsonDocument wide = JsonDocument.Parse(
            Run("merge", KQuant, mine, "-o", halved, "--yes", "--json", "--type", "F16").Output);
        CommandResult fromFloats = Run("merge", halved, mine, "-o", Target, "--yes", "--type", "q4_0", "--force");

        Assert.Contains("Advised against: Q4_K", asked.Error, StringComparison.Ordinal);
        Assert.Contains("round a second time", asked.Error, StringComparison.Ordinal);
        Assert.Contains(
            "Advised against: Q4_0 round what the adapter was trained on unrounded",
            fromFloats.Output,
            StringComparison.Ordinal);
        Assert.Contains("chaku quantize", fromFloats.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("a second time", fromFloats.Output, StringComparison.Ordinal);
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
        string link = InFolder("link.gguf");
        File.CreateSymbolicLink(link, "copy.gguf");
        string empty = Write("empty.txt", "");

        Refuse(ExitCodes.Usage, "--type takes same, f32", TinyModel, Adapter, Target, "--type", "q9");
        Refuse(ExitCodes.Usage, "chaku convert", folder, Adapter, Target);
        Refuse(ExitCodes.Usage, "takes a scale", TinyModel, Adapter + "=x", Target);
        Refuse(ExitCodes.Failure, "cannot take the place", copy, Adapter, copy, "--force");
        Refuse(ExitCodes.Failure, "cannot take the place", copy, Adapter, link, "--force");
        Refuse(ExitCodes.Failure, "cannot take the place", TinyModel, copy, copy, "--force");
        Refuse(ExitCodes.Failure, "--force writes over it", TinyModel, Adapter, copy, "--type", "SAME");
        Refuse(ExitCodes.Failure, "has no name", TinyModel, Adapter, "");
        Refuse(ExitCodes.Failure, "empty.txt", TinyModel, Adapter, Target, "--text", empty);
        Assert.Equal(File.ReadAllBytes(TinyModel), File.ReadAllBytes(copy));
        Assert.Equal([copy, empty, link], Directory.GetFileSystemEntries(Folder).Order(StringComparer.Ordinal));

        static void Refuse(
            int exitCode, string reason, string model, string adapter, string target, params string[] more) =>
            Assert.Contains(
                reason,
                Refusal(exitCode, ["merge", model, adapter, "-o", target, "--yes", .. more]),
                StringComparison.Ordinal);
    }

    [Fact]
    public void A_person_is_asked_before_a_file_is_replaced()
    {
        File.WriteAllText(Target, "mine");
        using TestTerminal terminal = new("n\n") { IsPersonal = true, HasErrorTerminal = true };

        CommandResult result = Run(terminal, "merge", TinyModel, Adapter, "-o", Target);

        Assert.Contains($"Replace {Target} (y/N)?", result.Error, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(Target));
        Assert.Equal(
            ExitCodes.Success, Run("merge", TinyModel, Adapter, "-o", Target, "--yes", "--force").ExitCode);
        Assert.NotEqual("mine", File.ReadAllText(Target));
    }

    // A read that waits for a person hears nothing: without an end of its own the test would never end.
    [Fact(Timeout = 120_000)]
    public async Task Ctrl_C_at_the_question_ends_it_and_leaves_nothing()
    {
        using Silence nobody = new();
        using TestTerminal terminal = new("")
        {
            IsPersonal = true,
            HasErrorTerminal = true,
            Keyboard = nobody,
        };
        Task<CommandResult> merging =
            Task.Run(() => Run(terminal, "merge", TinyModel, Adapter, "-o", Target), CancellationToken.None);

        await nobody.IsAsked;
        Assert.NotEmpty(Directory.GetFileSystemEntries(Folder));
        terminal.Press();
        CommandResult result = await merging;

        Assert.Equal(ExitCodes.Cancelled, result.ExitCode);
        Assert.Empty(Directory.GetFileSystemEntries(Folder));
    }

    // What llama.cpp's converter states of an adapter; this software has stated nothing in it.
    [Theory]
    [InlineData("cc-by-nc-4.0", "unknown, cc-by-nc-4.0", "forbidden", "the adapter is under cc-by-nc-4.0")]
    [InlineData(null, "unknown", "unknown", "nothing states the licence of the adapter")]
    public void The_terms_of_a_strangers_adapter_bind_the_merged_file(
        string? license, string stated, string commercial, string reason)
    {
        string adapter = InFolder("theirs.gguf");
        Relicense(Adapter, adapter, license);

        using JsonDocument said = JsonDocument.Parse(
            Run("merge", TinyModel, adapter, "-o", Target, "--yes", "--json").Output);
        using JsonDocument shown = JsonDocument.Parse(Result("show", Target, "--json"));

        Assert.Equal(commercial, said.RootElement.GetProperty("commercial_use").GetString());
        Assert.Contains(
            said.RootElement.GetProperty("license_sentences").EnumerateArray(),
            sentence => sentence.GetString()!.Contains(reason, StringComparison.Ordinal));
        Assert.Equal(stated, shown.RootElement.GetProperty("license").GetString());
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

    private static void Relicense(string from, string to, string? license)
    {
        using GgufFile file = GgufFile.Open(from);
        Metadata metadata = new(to);
        foreach (MetadataValue value in file.Metadata.Where(value => value.Key != "general.license"))
        {
            metadata.TryAdd(value);
        }

        if (license is not null)
        {
            metadata.Add("general.license", license);
        }

        GgufWriter.Write(to, metadata, [.. file.Tensors.Select(tensor => TensorSource.FromBytes(
            tensor.Name, tensor.Format, tensor.Dimensions, file.Bytes(tensor, 0, (int)tensor.ByteLength).ToArray()))]);
    }

    private sealed class Silence : TextReader
    {
        private readonly TaskCompletionSource _asked = new();
        private readonly TaskCompletionSource _end = new();

        public Task IsAsked => _asked.Task;

        public override string? ReadLine()
        {
            _asked.SetResult();
            _end.Task.Wait();
            return null;
        }

        protected override void Dispose(bool disposing)
        {
            _end.TrySetResult();
            base.Dispose(disposing);
        }
    }
}
