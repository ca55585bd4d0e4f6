using System.Text.Json;
using System.Text.RegularExpressions;
using Chaku.Tests;

namespace Chaku.Cli.Tests.Commands;

/// <summary>The fields of <c>--json</c> are those that the document promises to scripts.</summary>
public sealed partial class CommandOutputTests : CommandSuite
{
    [Fact]
    public void Every_field_is_documented_and_every_documented_field_is_there()
    {
        string text = Write("data.txt", string.Concat(Enumerable.Repeat("the dog sat on the mat. ", 30)));
        string adapter = InFolder("mine");
        Dictionary<string, string[]> outputs = new()
        {
            ["run"] = [Run("run", TinyModel, "abc", "--json", "--max-tokens", "1", "--log-probabilities", "1").Output],
            ["tokenize"] = [Result("tokenize", TinyModel, "abc", "--json")],
            ["logits"] = [Result("logits", TinyModel, "--tokens", "1", "--out", InFolder("l"), "--json")],
            ["convert"] = [Result("convert", TinyModel, "-o", InFolder("converted"), "--json")],
            ["perplexity"] = [Result("perplexity", TinyModel, text, "--json")],
            ["tune"] = [Run("tune", TinyModel, text, "-o", adapter, "--steps", "1", "--json").Output],
            ["convert, of an adapter"] =
                [Result("convert", adapter, "-o", InFolder("mine.gguf"), "--model", TinyModel, "--json")],
            ["merge"] = [Run("merge", TinyModel, adapter, "-o", InFolder("m.gguf"), "--yes", "--json").Output],
            ["show --template"] = [Result("show", TinyModel, "--template", "alpaca", "--json")],
            ["show"] = [Result("show", TinyModel, "--hash", "--json"), Result("show", adapter, "--json")],
        };
        foreach ((string command, string[] lines) in outputs)
        {
            IEnumerable<string> actual = lines.SelectMany(Fields).Distinct().Order(StringComparer.Ordinal);
            Assert.Equal(Documented(command).Order(StringComparer.Ordinal), actual);
        }

        string[] chat = ["chat", TinyModel, "--template", "alpaca", "--json", "--max-tokens", "1"];
        Assert.Equal(Documented("run").Except(["log_probabilities"]), Fields(RunWith("hello\n", chat).Output));
    }

    private static IEnumerable<string> Documented(string command)
    {
        string document = File.ReadAllText(Path.Combine(Fixtures.Checkout, "docs", "formats", "command-output.md"));
        string section = document.Split($"## `--json`: {command}\n")[1].Split("\n## ")[0];
        return FieldRow().Matches(section).Select(match => match.Groups[1].Value);
    }

    private static string[] Fields(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return [.. document.RootElement.EnumerateObject().Select(property => property.Name)];
    }

    [GeneratedRegex(@"^\| `(\w+)` \|", RegexOptions.Multiline)]
    private static partial Regex FieldRow();
}
