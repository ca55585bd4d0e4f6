using System.Buffers;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Chaku.Kernels.Formats.Panels;
using Chaku.Model;
using Chaku.Training.Datasets;

namespace Chaku.Training.Runs;

/// <summary>
/// Everything that determines the bytes that a run writes, as names and values for people. Two runs with the same one
/// write the same bytes; the number of threads is no part of it.
/// </summary>
/// <param name="parts">Names and values, each name once.</param>
internal sealed class RunIdentity(IReadOnlyList<KeyValuePair<string, string>> parts)
{
    private const string ProcessorName = "processor";
    private const int MostNamed = 4;
    private const int ShownHashLength = 12;

    private static readonly JsonWriterOptions WriterOptions = new()
    {
        // Read by programs and people, never put into a web page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Names and values.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Parts => parts;

    /// <summary>
    /// The same run on this processor: kernels of another level of its instruction set round differently, so that what
    /// was begun with one cannot go on with another to the same bytes.
    /// </summary>
    public RunIdentity OnThisProcessor()
    {
        string level = PanelKernel.IsSupported ? "avx2" : Vector128.IsHardwareAccelerated ? "vector" : "scalar";
        string architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        return new RunIdentity([.. parts, new(ProcessorName, $"{architecture} {level}")]);
    }

    /// <summary>What another run has otherwise, in a few words; null where it is the same.</summary>
    /// <param name="earlier">The run whose file is there.</param>
    public string? DifferenceFrom(RunIdentity earlier)
    {
        Dictionary<string, string> before = new(earlier.Parts, StringComparer.Ordinal);
        Dictionary<string, string> now = new(parts, StringComparer.Ordinal);
        string[] differences =
        [
            .. parts.Concat(earlier.Parts).Select(part => part.Key).Distinct(StringComparer.Ordinal)
                .Where(name => before.GetValueOrDefault(name) != now.GetValueOrDefault(name))
                .Select(name => $"{name} was {Shown(before, name)} and is {Shown(now, name)}"),
        ];
        return differences.Length switch
        {
            0 => null,
            <= MostNamed => string.Join(", ", differences),
            _ => string.Join(", ", differences[..MostNamed]) + $", and {differences.Length - MostNamed} more differ",
        };
    }

    /// <summary>One line of JSON: the same for the same run.</summary>
    public string ToText()
    {
        ArrayBufferWriter<byte> text = new();
        using (Utf8JsonWriter json = new(text, WriterOptions))
        {
            json.WriteStartObject();
            foreach ((string name, string value) in parts)
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(text.WrittenSpan);
    }

    /// <summary>Reads what <see cref="ToText"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is something else.</exception>
    public static RunIdentity Parse(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            KeyValuePair<string, string>[] found =
            [
                .. document.RootElement.EnumerateObject()
                    .Select(part => KeyValuePair.Create(part.Name, part.Value.GetString() ?? "")),
            ];
            return found.DistinctBy(part => part.Key).Count() == found.Length
                ? new RunIdentity(found)
                : throw new InvalidDataException("expected every part of the run's identity once, found one twice");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"expected the identity of a run, found something else: {exception.Message}");
        }
    }

    /// <summary>SHA-256 over tokens and masks of sequences, in their order.</summary>
    public static string HashOf(TrainingSet set)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (TrainingSequence sequence in set.Sequences)
        {
            hash.AppendData(BitConverter.GetBytes(sequence.Tokens.Length));
            hash.AppendData(MemoryMarshal.AsBytes<int>(sequence.Tokens));
            hash.AppendData(MemoryMarshal.AsBytes<bool>(sequence.Trained));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string Shown(Dictionary<string, string> values, string name)
    {
        if (!values.TryGetValue(name, out string? value))
        {
            return "not stated";
        }

        bool isHash = value.Length == 2 * SHA256.HashSizeInBytes && value.All(char.IsAsciiHexDigitLower);
        return isHash ? value[..ShownHashLength] + "…" : ModelFormatException.Quote(value).Trim('\'');
    }
}
