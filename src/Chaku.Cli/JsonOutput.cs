using System.CommandLine;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Chaku.Cli;

/// <summary>
/// Results for scripts: one JSON object on one line. The fields are described in docs/formats/command-output.md.
/// </summary>
internal static class JsonOutput
{
    private static readonly JsonWriterOptions WriterOptions = new()
    {
        // The output is read by programs, never put into a web page: letters stay letters.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The option that asks for it.</summary>
    public static Option<bool> CreateOption() =>
        new("--json") { Description = "Prints one JSON object for scripts instead of text for people." };

    /// <summary>Writes an object and ends the line.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="writeFields">Writes what is between the braces.</param>
    public static void WriteObject(TextWriter output, Action<Utf8JsonWriter> writeFields)
    {
        using MemoryStream bytes = new();
        using (Utf8JsonWriter json = new(bytes, WriterOptions))
        {
            json.WriteStartObject();
            writeFields(json);
            json.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(bytes.GetBuffer().AsSpan(0, (int)bytes.Length)));
        output.Flush();
    }

    /// <summary>Writes a number; null where it is none, for which JSON has no word.</summary>
    public static void WriteFinite(this Utf8JsonWriter json, string name, double number)
    {
        if (double.IsFinite(number))
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    /// <summary>Writes a list of numbers.</summary>
    public static void WriteNumbers(this Utf8JsonWriter json, string name, IEnumerable<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (long number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }
}
