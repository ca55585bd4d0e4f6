using System.Text.Json;
using Chaku.Model.Hub;
using Chaku.Model.Licenses;

namespace Chaku.Cli.Reports;

/// <summary>What is fetched from the Hub, under what terms, and where it is then.</summary>
/// <param name="pull">The model's files.</param>
/// <param name="reference">What the user named.</param>
internal sealed class PullReport(HubPull pull, HubReference reference)
{
    private readonly LicenseTerms _terms = LicenseTerms.Of(pull.License);

    /// <summary>Says what is about to happen, before it does.</summary>
    public void Begin(TextWriter output)
    {
        Line(output, "model", $"{pull.Name}, {pull.Revision} ({HubCache.ShortCommit(pull.Commit)})");
        foreach (HubFile file in pull.Files)
        {
            Line(output, "file", $"{file.Path} ({ByteText.Of(file.ByteLength)})");
        }

        string free = pull.FreeByteLength is { } bytes ? $"; {ByteText.Of(bytes)} are free" : "";
        Line(output, "to fetch", $"{ByteText.Of(pull.MissingByteLength)} of {ByteText.Of(pull.ByteLength)}{free}");
        Line(output, "licence", pull.License is { } license ? $"{license.Name} ({license.Source})" : "not stated");
        foreach (string sentence in _terms.Sentences)
        {
            Line(output, "", sentence);
        }

        if (pull.IsGated)
        {
            Line(output, "", "Its owner gives it only to accounts that have accepted the terms (HF_TOKEN).");
        }

        output.Flush();
    }

    /// <summary>Says what has happened.</summary>
    public void End(TextWriter output)
    {
        Line(output, "fetched", ByteText.Of(pull.FetchedByteLength));
        string found = pull.FoundFileCount > 0 ? $"; {pull.FoundFileCount} of them were there before" : "";
        Line(output, "checked", $"{pull.Files.Count} files have the hashes that the Hub lists{found}");
        Line(output, "licence", CachedModel.LicenseAt(pull.ResultPath) is { } stated
            ? $"checked: {stated.Name}, recorded with the model ({stated.Source})"
            : "checked: none is stated in what was fetched");
        Line(output, "path", pull.ResultPath);
        Line(output, "try", $"chaku show {pull.NameOf(reference)}");
    }

    /// <summary>Writes the fields for scripts.</summary>
    public void WriteFields(Utf8JsonWriter json)
    {
        json.WriteString("model", pull.Name.Id);
        json.WriteString("revision", pull.Revision);
        json.WriteString("commit", pull.Commit);
        json.WriteString("path", pull.ResultPath);
        json.WriteNumber("byte_length", pull.ByteLength);
        json.WriteNumber("fetched_byte_length", pull.FetchedByteLength);
        json.WriteBoolean("gated", pull.IsGated);
        json.WriteString("license", pull.License?.Name);
        json.WriteString("commercial_use", _terms.Commercial.ToString().ToLowerInvariant());
        json.WriteStartArray("license_sentences");
        foreach (string sentence in _terms.Sentences)
        {
            json.WriteStringValue(sentence);
        }

        json.WriteEndArray();
        json.WriteStartArray("files");
        foreach (HubFile file in pull.Files)
        {
            json.WriteStartObject();
            json.WriteString("path", file.Path);
            json.WriteNumber("byte_length", file.ByteLength);
            json.WriteString("hash", file.Digest.Hex);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Line(TextWriter output, string label, string text) =>
        output.WriteLine($"{label,-10}{Terminal.Harmless(Terminal.OneLine(text))}");
}
