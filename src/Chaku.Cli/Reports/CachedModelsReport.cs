using System.Globalization;
using System.Text.Json;
using Chaku.Model.Hub;
using Spectre.Console;

namespace Chaku.Cli.Reports;

/// <summary>The models in the Hub's cache.</summary>
/// <param name="folder">The cache.</param>
/// <param name="models">What is in it.</param>
internal sealed class CachedModelsReport(string folder, IReadOnlyList<CachedModel> models)
{
    /// <summary>Prints a table for people.</summary>
    public void Print(Terminal terminal)
    {
        if (models.Count == 0)
        {
            terminal.Output.WriteLine($"no models in {folder}; chaku pull OWNER/NAME fetches one");
            return;
        }

        Table table = new Table().Border(TableBorder.None);
        foreach (string column in (string[])["model", "format", "size", "revision", "licence", "last used", "path"])
        {
            table.AddColumn(new TableColumn(new Text(column, new Style(decoration: Decoration.Bold))).PadRight(2));
        }

        foreach (CachedModel model in models)
        {
            table.AddRow(Cells(model).Select(cell => new Text(Terminal.Harmless(Terminal.OneLine(cell)))));
        }

        terminal.OutputConsole().Write(table);
    }

    /// <summary>Writes the fields for scripts.</summary>
    public void WriteFields(Utf8JsonWriter json)
    {
        json.WriteString("folder", folder);
        json.WriteStartArray("models");
        foreach (CachedModel model in models)
        {
            json.WriteStartObject();
            json.WriteString("model", model.Id);
            json.WriteString("format", model.Format);
            json.WriteNumber("byte_length", model.ByteLength);
            json.WriteString("commit", model.Commit);
            json.WriteStartArray("revisions");
            foreach (string revision in model.Revisions)
            {
                json.WriteStringValue(revision);
            }

            json.WriteEndArray();
            json.WriteString("license", model.License?.Name);
            json.WriteString("last_used", model.LastUsedUtc.ToString("O", CultureInfo.InvariantCulture));
            json.WriteString("path", model.Path);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static string[] Cells(CachedModel model) =>
    [
        model.Id,
        model.Format,
        ByteText.Of(model.ByteLength),
        model.Revisions.Count > 0 ? string.Join(", ", model.Revisions)
            : model.Commit is { } commit ? HubCache.ShortCommit(commit)
            : "",
        model.License?.Name ?? (model.Format is CachedModel.Unfinished or CachedModel.NotReadable ? "" : "not stated"),
        model.LastUsedUtc.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) + " UTC",
        model.Path,
    ];
}
