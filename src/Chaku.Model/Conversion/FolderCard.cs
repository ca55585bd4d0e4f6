using System.Text.RegularExpressions;
using Chaku.Model.Hub;
using Chaku.Model.Licenses;

namespace Chaku.Model.Conversion;

/// <summary>A card for a folder, in Markdown, with the fields that Hugging Face reads at its head.</summary>
/// <remarks>
/// Names come from files that strangers wrote: none may end a value, a cell or a line. Fields:
/// huggingface.co/docs/hub/model-cards.
/// </remarks>
internal static partial class FolderCard
{
    // What YAML takes for something else than a text.
    private static readonly string[] Words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];

    /// <summary>The text of the card.</summary>
    /// <param name="origin">Where the model comes from.</param>
    /// <param name="title">What it is called.</param>
    /// <param name="what">What was done, in a sentence.</param>
    public static string Of(FileOrigin origin, string title, string what)
    {
        OriginSource source = origin.Sources[0];
        List<string> lines = ["---"];
        if (origin.License is { } license)
        {
            lines.AddRange(Terms(license));
        }

        // Without an owner it may be any name; the Hub's cache alone knows.
        if (source.Hub is not null || HubName.TryParse(source.Name) is { Owner: not null })
        {
            lines.Add($"base_model: {Scalar(source.Hub?.Name.Id ?? source.Name)}");
        }

        lines.AddRange(["---", "", $"# {Plain(title)}", "", Plain(what), ""]);
        lines.AddRange(["| source | SHA-256 of the weights |", "|---|---|"]);
        lines.AddRange(origin.Sources.Select(each => $"| {Plain(each.Name)} | `{each.ContentSha256}` |"));
        if (source.Hub is { } place)
        {
            lines.AddRange(["", $"The source is {place.Url} at commit {place.Commit}."]);
        }

        lines.AddRange(["", $"Made by Chaku {origin.Version} with", ""]);
        lines.AddRange([$"    {OriginSource.InOneLine(origin.Command)}", ""]);
        return string.Join('\n', lines);
    }

    private static IEnumerable<string> Terms(StatedLicense license)
    {
        string[] identifiers = license.Identifier.Split(", ");
        if (identifiers is [var only])
        {
            yield return $"license: {Scalar(only)}";
        }
        else
        {
            yield return "license:";
            foreach (string identifier in identifiers)
            {
                yield return $"- {Scalar(identifier)}";
            }
        }

        if (license.OwnName.Length > 0)
        {
            yield return $"license_name: {Scalar(license.OwnName)}";
        }

        if (license.Link is { } link)
        {
            yield return $"license_link: {Scalar(link)}";
        }
    }

    // Quoted wherever YAML could take it for something else.
    private static string Scalar(string text) =>
        PlainScalar().IsMatch(text) && !Words.Contains(text, StringComparer.OrdinalIgnoreCase)
            ? text
            : $"\"{Unsafe().Replace(OriginSource.InOneLine(text), "\\$0")}\"";

    private static string Plain(string text) => OriginSource.InOneLine(text)
        .Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace("|", "&#124;", StringComparison.Ordinal);

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9._/+-]*\\z")]
    private static partial Regex PlainScalar();

    [GeneratedRegex("[\\\\\"]")]
    private static partial Regex Unsafe();
}
