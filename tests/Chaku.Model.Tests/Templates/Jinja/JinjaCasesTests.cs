using System.Text.Json;
using Chaku.Model.Templates;
using Chaku.Tests;

namespace Chaku.Model.Tests.Templates.Jinja;

/// <summary>Small templates, each with what Jinja2 itself makes of it, or that it refuses it.</summary>
public sealed class JinjaCasesTests
{
    [Fact]
    public void Every_filter_test_operator_and_rule_does_what_Jinja_does()
    {
        using JsonDocument file = JsonDocument.Parse(
            File.ReadAllText(Fixtures.TestData("templates", "jinja-cases.json")));
        JsonElement context = file.RootElement.GetProperty("context");
        List<string> wrong = [];
        foreach (JsonElement entry in file.RootElement.GetProperty("cases").EnumerateArray())
        {
            string template = entry.GetProperty("template").GetString()!;
            string? expected = entry.TryGetProperty("expected", out JsonElement text) ? text.GetString() : null;
            string found = Render(template, context, out bool isRefused);
            if (isRefused ? expected is not null : expected != found)
            {
                wrong.Add($"{template}\n    expected {expected ?? "a refusal"}\n    got      {found}");
            }
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} wrong:\n{string.Join('\n', wrong)}");
    }

    private static string Render(string template, JsonElement context, out bool isRefused)
    {
        isRefused = false;
        try
        {
            return JinjaValues.Render(template, context);
        }
        catch (ChatTemplateException exception)
        {
            isRefused = true;
            return exception.Message;
        }
    }
}
