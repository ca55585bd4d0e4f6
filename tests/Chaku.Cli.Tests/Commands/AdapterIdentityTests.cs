using System.Text.Json;
using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Cli.Tests.Commands;

/// <summary>Adapters that do not belong, data whose licence nobody states, and what applies to the result.</summary>
public sealed class AdapterIdentityTests : CommandSuite
{
    private const string Record = """{"instruction": "Say hello.", "input": "", "output": "hello"}""";

    private static readonly string[] Small = ["--batch", "1", "--rank", "2", "--threads", "2", "--steps", "2"];

    private static readonly string[] Licensed = ["--data-license", "cc-by-nc-4.0"];

    private static string OtherModel => Fixtures.TestData("models", "tiny", "llama3-ropefreqs.gguf");

    [Fact]
    public void Another_base_is_refused_and_with_force_runs_and_is_warned_of()
    {
        Tune("--targets", "q_proj");
        string[] run = ["run", OtherModel, "abc", "--adapter", InFolder("mine"), "--max-tokens", "2"];

        string line = Refusal(ExitCodes.Failure, run);
        CommandResult forced = Run([.. run, "--force"]);

        Assert.Contains("was made for another base", line, StringComparison.Ordinal);
        Assert.Contains("--force", line, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Success, forced.ExitCode);
        Assert.StartsWith("chaku: warning: FORCED: ", forced.Error, StringComparison.Ordinal);
        Assert.Contains("was made for another base", forced.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_template_is_refused_and_with_force_is_taken_and_warned_of()
    {
        Tune();
        string[] chat = ["chat", TinyModel, "--adapter", InFolder("mine"), "--max-tokens", "1", "--json"];
        CommandResult own = RunWith("hello\n", chat);
        CommandResult named = RunWith("hello\n", [.. chat, "--template", "alpaca"]);
        Assert.Equal((ExitCodes.Success, ""), (own.ExitCode, own.Error));
        Assert.Equal(PromptCount(own), PromptCount(named));

        Assert.Contains(
            "trained with the template alpaca: it does not understand dolly",
            Refusal(ExitCodes.Failure, [.. chat, "--template", "dolly"]),
            StringComparison.Ordinal);
        CommandResult forced = RunWith("hello\n", [.. chat, "--template", "dolly", "--force"]);
        Assert.Equal(ExitCodes.Success, forced.ExitCode);
        Assert.StartsWith("chaku: warning: FORCED: ", forced.Error, StringComparison.Ordinal);
        Assert.NotEqual(PromptCount(own), PromptCount(forced));
    }

    [Theory]
    [InlineData("perplexity")]
    [InlineData("logits")]
    public void What_changes_nothing_is_refused_and_with_force_changes_nothing(string command)
    {
        string adapter = NothingAdapter();
        string text = Write("t.txt", "the dog sat on the mat");
        string[] call = command == "logits"
            ? ["logits", TinyModel, "--tokens", "1 2 3", "--out", InFolder("l")]
            : ["perplexity", TinyModel, text];

        Assert.Contains(
            "changes nothing", Run([.. call, "--adapter", adapter]).Error, StringComparison.Ordinal);
        CommandResult forced = Run([.. call, "--adapter", adapter, "--force"]);
        Assert.Equal(ExitCodes.Success, forced.ExitCode);
        Assert.Contains("FORCED: ", forced.Error, StringComparison.Ordinal);
        Assert.Equal(Result(call), forced.Output);
    }

    [Fact]
    public void A_licence_that_nothing_states_is_said_loudly_and_nobody_is_waited_for()
    {
        CommandResult result = RunWith("mit\n", Arguments());
        Assert.Equal(ExitCodes.Success, result.ExitCode);
        Assert.Contains("warning: the licence of the data is UNKNOWN", result.Error, StringComparison.Ordinal);
        Assert.Contains("nothing states the licence of the data", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cc-by-nc-4.0\n", "forbidden", "cc-by-nc-4.0")]
    [InlineData("\n", "unknown", null)]
    [InlineData("", "unknown", null)]
    public void A_person_at_the_terminal_is_asked(string typed, string use, string? license)
    {
        using TestTerminal terminal = new(typed) { IsPersonal = true, HasErrorTerminal = true };
        CommandResult result = Run(terminal, [.. Arguments(), "--json"]);
        using JsonDocument said = JsonDocument.Parse(result.Output);

        Assert.Contains("Which one (", result.Error, StringComparison.Ordinal);
        Assert.Equal(license is null, result.Error.Contains("UNKNOWN", StringComparison.Ordinal));
        Assert.Equal(license, said.RootElement.GetProperty("data_license").GetString());
        Assert.Equal(use, said.RootElement.GetProperty("commercial_use").GetString());
    }

    [Fact]
    public void What_applies_to_the_result_is_printed_and_shown()
    {
        CommandResult tuned = Tune();
        Assert.DoesNotContain("UNKNOWN", tuned.Error, StringComparison.Ordinal);
        string shown = Result("show", InFolder("mine"));
        foreach (string output in (string[])[tuned.Output, shown])
        {
            Assert.Contains("Commercial use of the result is not allowed", output, StringComparison.Ordinal);
            Assert.Contains("no legal advice", output, StringComparison.Ordinal);
        }

        Assert.Contains("of the weights' norm), most in model.layers.", tuned.Output, StringComparison.Ordinal);
        using JsonDocument said = JsonDocument.Parse(Result("show", InFolder("mine"), "--json"));
        JsonElement root = said.RootElement;
        Assert.Equal(14, root.GetProperty("effects").GetArrayLength());
        Assert.All(root.GetProperty("effects").EnumerateArray(), effect =>
        {
            Assert.InRange(effect.GetProperty("change").GetDouble(), 1e-9, 100);
            Assert.Equal(JsonValueKind.Null, effect.GetProperty("relative_change").ValueKind);
        });
        Assert.Equal("forbidden", root.GetProperty("commercial_use").GetString());
        Assert.Equal("non-commercial", root.GetProperty("license_demands")[0].GetString());
        Assert.Equal(64, root.GetProperty("data_sha256").GetString()!.Length);
        Assert.Equal(64, root.GetProperty("template_sha256").GetString()!.Length);
        Assert.Contains("lr=0.0002", root.GetProperty("tuning").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Changes_that_are_no_numbers_are_shown_as_such()
    {
        string adapter = NothingAdapter(float.NaN);
        using JsonDocument said = JsonDocument.Parse(Result("show", adapter, "--json"));
        Assert.All(said.RootElement.GetProperty("effects").EnumerateArray(), effect =>
            Assert.Equal(JsonValueKind.Null, effect.GetProperty("change").ValueKind));
        Assert.Contains("NaN", Result("show", adapter), StringComparison.Ordinal);
    }

    private static int PromptCount(CommandResult result)
    {
        using JsonDocument said = JsonDocument.Parse(result.Output);
        return said.RootElement.GetProperty("prompt_token_count").GetInt32();
    }

    private string[] Arguments(params string[] more)
    {
        string data = Write("data.jsonl", string.Concat(Enumerable.Repeat(Record + "\n", 4)));
        return
        [
            "tune", TinyModel, data, "-o", InFolder("mine"), .. Small, "--context", "256", "--template", "alpaca",
            .. more,
        ];
    }

    private CommandResult Tune(params string[] more)
    {
        CommandResult result = Run([.. Arguments(more), .. Licensed]);
        Assert.Equal(ExitCodes.Success, result.ExitCode);
        return result;
    }

    private string NothingAdapter(float a = 1)
    {
        string path = Directory.CreateDirectory(InFolder("nothing")).FullName;
        File.WriteAllText(
            Path.Combine(path, "adapter_config.json"),
            """{"peft_type": "LORA", "r": 1, "target_modules": ["v_proj"], "task_type": "CAUSAL_LM"}""");
        float[] values = new float[64];
        Array.Fill(values, a);
        SafetensorsWriter.Write(
            Path.Combine(path, "adapter_model.safetensors"),
            new Dictionary<string, string>(),
            [
                .. Enumerable.Range(0, 2).SelectMany(layer => (TensorSource[])
                [
                    TensorSource.FromSingles($"{Name(layer)}.lora_A.weight", [1, 64], values),
                    TensorSource.FromSingles($"{Name(layer)}.lora_B.weight", [32, 1], new float[32]),
                ]),
            ]);
        return path;

        static string Name(int layer) => $"base_model.model.model.layers.{layer}.self_attn.v_proj";
    }
}
