using System.Text.Json;
using Chaku.Model.Files;

namespace Chaku.Model.Families;

/// <summary>
/// Writes metadata as <c>config.json</c>: values whose names share what is before a dot are one object, as
/// <see cref="HuggingFaceConfig"/> reads them.
/// </summary>
internal static class HuggingFaceConfigWriter
{
    /// <summary>The bytes of the file.</summary>
    public static byte[] ToJson(Metadata config) => JsonBytes.Of(json =>
    {
        Write(json, [.. config.Select(value => (value.Key, value))]);
        foreach (string name in config.Nulls)
        {
            json.WriteNull(name);
        }
    });

    private static void Write(Utf8JsonWriter json, IReadOnlyList<(string Name, MetadataValue Value)> values)
    {
        foreach (IGrouping<string, (string Name, MetadataValue Value)> group in
            values.GroupBy(value => value.Name.Split('.')[0], StringComparer.Ordinal))
        {
            if (group.First() is var (name, value) && name == group.Key)
            {
                json.WritePropertyName(name);
                WriteContent(json, value.Content);
                continue;
            }

            json.WriteStartObject(group.Key);
            Write(json, [.. group.Select(entry => (entry.Name[(group.Key.Length + 1)..], entry.Value))]);
            json.WriteEndObject();
        }
    }

    private static void WriteContent(Utf8JsonWriter json, object content)
    {
        switch (content)
        {
            case byte[] text:
                json.WriteStringValue(text);
                break;
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case long number:
                json.WriteNumberValue(number);
                break;
            case double number when number == Math.Floor(number) && Math.Abs(number) < int.MaxValue:
                // A whole number stays one with a fraction for whoever reads it by its look.
                json.WriteRawValue(FormattableString.Invariant($"{number:0.0}"));
                break;
            case double number:
                json.WriteNumberValue(number);
                break;
            case GgufArray array:
                json.WriteStartArray();
                foreach (object item in array.Items)
                {
                    WriteContent(json, item);
                }

                json.WriteEndArray();
                break;
            default:
                throw new ArgumentException($"config.json has no {content.GetType()}", nameof(content));
        }
    }
}
