using System.Text.Json;
using Chaku.Model.Templates.Jinja;

namespace Chaku.Model.Tests.Templates.Jinja;

/// <summary>JSON as a template's values, and templates rendered with them.</summary>
internal static class JinjaValues
{
    /// <summary>The time that templates are told.</summary>
    public static readonly TimeProvider Clock = new FixedClock(new(2024, 7, 6, 5, 4, 3, TimeSpan.Zero));

    public static object? Of(JinjaRun run, JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => MarkedText.Of(element.GetString()!),
        JsonValueKind.Number when element.TryGetInt64(out long whole) && !element.GetRawText().Contains('.') => whole,
        JsonValueKind.Number => element.GetDouble(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Array => new JinjaList(run, [.. element.EnumerateArray().Select(item => Of(run, item))]),
        JsonValueKind.Object => new JinjaDict(run, element.EnumerateObject().Select(
            entry => KeyValuePair.Create<object?, object?>(MarkedText.Of(entry.Name), Of(run, entry.Value)))),
        _ => null,
    };

    public static string Render(string template, JsonElement context) => JinjaProgram.Read(template).Render(
        run => context.EnumerateObject().Select(entry => (entry.Name, Of(run, entry.Value))), Clock).Text;

    public static string Render(string template) => JinjaProgram.Read(template).Render(_ => [], Clock).Text;

    private sealed class FixedClock(DateTimeOffset now) : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => now;
    }
}
