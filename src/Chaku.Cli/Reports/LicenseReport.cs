using System.Text.Json;
using Chaku.Model.Licenses;

namespace Chaku.Cli.Reports;

/// <summary>What applies to a model made from a base and data.</summary>
internal static class LicenseReport
{
    /// <summary>Prints the sentences for people, the first after a label.</summary>
    public static void Print(TextWriter output, string label, ResultLicense license)
    {
        string lead = label;
        foreach (string sentence in license.Sentences)
        {
            output.WriteLine($"{lead}{Terminal.Harmless(Terminal.OneLine(sentence))}");
            lead = new string(' ', label.Length);
        }
    }

    /// <summary>Writes the fields for scripts.</summary>
    public static void WriteFields(Utf8JsonWriter json, ResultLicense license)
    {
        json.WriteString("commercial_use", license.Commercial.ToString().ToLowerInvariant());
        WriteTexts(json, "license_demands", license.Demands.Select(ResultLicense.NameOf));
        WriteTexts(json, "license_sentences", license.Sentences);
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }
}
