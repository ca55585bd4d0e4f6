using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Chaku.Model.Tests.Templates.Jinja;

/// <summary>
/// The contexts as the goldens' maker gave them to Jinja2: what a template has no place for was put elsewhere first.
/// </summary>
internal static class GoldenContexts
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    // Templates without a place for tools: calls and answers were written into the messages.
    private static readonly string[] WithoutTools =
    [
        "CohereForAI-c4ai-command-r-plus-default", "Qwen-Qwen2-7B-Instruct", "TheBloke-FusionNet_34Bx2_MoE-AWQ",
        "bofenghuang-vigogne-2-70b-chat", "deepseek-ai-DeepSeek-V2.5", "google-gemma-2-2b-it",
        "indischepartij-MiniCPM-3B-OpenHermes-2.5-v2", "microsoft-Phi-3-mini-4k-instruct",
        "microsoft-Phi-3.5-mini-instruct", "mistralai-Mistral-7B-Instruct-v0.2",
        "mistralai-Mixtral-8x7B-Instruct-v0.1", "openchat-openchat-3.5-0106",
    ];

    // Templates that go through a call's arguments: they were given as an object, not as text.
    private static readonly string[] WithArgumentObjects =
    [
        "Qwen-Qwen2.5-7B-Instruct", "meta-llama-Meta-Llama-3.1-8B-Instruct",
    ];

    // A template without a place for the system's message: it was put before the user's.
    private static readonly string[] WithoutSystem = ["google-gemma-2-2b-it"];

    public static JsonElement Prepare(string name, string json)
    {
        JsonObject context = JsonNode.Parse(json)!.AsObject();
        JsonArray messages = context["messages"]!.AsArray();
        if (WithoutTools.Contains(name))
        {
            WriteToolsIntoMessages(messages);
        }

        if (WithArgumentObjects.Contains(name))
        {
            foreach (JsonNode? function in messages.SelectMany(Calls).Select(call => call!["function"]))
            {
                function!["arguments"] = JsonNode.Parse(function["arguments"]!.GetValue<string>());
            }
        }

        if (WithoutSystem.Contains(name) && messages[0]!["role"]!.GetValue<string>() == "system")
        {
            messages[1]!["content"] = $"{messages[0]!["content"]}\n{messages[1]!["content"]}";
            messages.RemoveAt(0);
        }

        return JsonSerializer.SerializeToElement(context);
    }

    private static IEnumerable<JsonNode?> Calls(JsonNode? message) => message!["tool_calls"]?.AsArray() ?? [];

    private static void WriteToolsIntoMessages(JsonArray messages)
    {
        foreach (JsonObject message in messages.Select(message => message!.AsObject()))
        {
            if (message["tool_calls"] is not null)
            {
                message["content"] = Indent(new() { ["tool_calls"] = new JsonArray([.. Calls(message).Select(Call)]) });
                message.Remove("tool_calls");
            }
            else if (message["role"]!.GetValue<string>() == "tool")
            {
                message["content"] = Indent(new()
                {
                    ["tool_response"] = new JsonObject
                    {
                        ["tool"] = message["name"]!.DeepClone(),
                        ["content"] = message["content"]!.DeepClone(),
                        ["tool_call_id"] = message["tool_call_id"]!.DeepClone(),
                    },
                });
                message["role"] = "user";
            }
        }
    }

    private static JsonObject Call(JsonNode? call) => new()
    {
        ["name"] = call!["function"]!["name"]!.DeepClone(),
        ["arguments"] = JsonNode.Parse(call["function"]!["arguments"]!.GetValue<string>()),
        ["id"] = call["id"]!.DeepClone(),
    };

    private static string Indent(JsonObject value) => value.ToJsonString(Indented);
}
