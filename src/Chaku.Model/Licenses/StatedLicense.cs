using System.Text;
using System.Text.RegularExpressions;

namespace Chaku.Model.Licenses;

/// <summary>The terms that a model or data are under, as somebody stated them.</summary>
internal sealed partial record StatedLicense
{
    private const int LongestName = 200;
    private const int MostBytes = 1 << 16;
    private const string Fence = "---";

    private static readonly string[] CardNames = ["README.md"];
    private static readonly string[] TextNames =
        ["LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "LICENSE-MODEL", "COPYING"];

    // What a card says where the licence has no identifier; it has a name then.
    private static readonly string[] Evasions = [HubLicenses.Other, "unknown", ""];

    private readonly string _source;

    /// <summary>A statement, cut to a line of 200 characters.</summary>
    /// <param name="name">An identifier such as <c>cc-by-4.0</c>, or the first line of a licence's text.</param>
    /// <param name="source">Where it is stated, for people.</param>
    public StatedLicense(string name, string source)
    {
        Name = Line(name);
        _source = source;
        string[] parts = PartsOf(Name);
        Identifier = IdentifierOf(parts);
        OwnName = OwnNameOf(parts);
    }

    /// <summary>An identifier such as <c>cc-by-4.0</c>, several with commas between, or a text's first line.</summary>
    public string Name { get; }

    /// <summary>Where it is stated and where it is to be read, for people.</summary>
    public string Source => Link is null ? _source : $"{_source}, see {Link}";

    /// <summary>
    /// What a card names it by, several with commas between: each of <see cref="HubLicenses"/>, <c>other</c> for a
    /// licence that has only a name.
    /// </summary>
    public string Identifier { get; private init; }

    /// <summary>The names of those that have no identifier; empty where all have one.</summary>
    public string OwnName { get; private init; }

    /// <summary>Where it is to be read, as it was stated; null where nothing says so.</summary>
    public string? Link { get; private init; }

    /// <summary>
    /// What a folder states: in its card (<c>license:</c> at the head of <c>README.md</c>, as on Hugging Face), else by
    /// a licence's text. Null where it states nothing.
    /// </summary>
    public static StatedLicense? InFolder(string folder) =>
        First(folder, CardNames, FromCard) ?? First(folder, TextNames, FromText);

    /// <summary>What a card's or a file's fields say; null where they say nothing.</summary>
    /// <param name="identifier">Its licence's identifier.</param>
    /// <param name="name">Its licence's name, where there is no identifier for it.</param>
    /// <param name="link">Where its licence is to be read.</param>
    /// <param name="source">Where the fields are.</param>
    public static StatedLicense? OfFields(string? identifier, string? name, string? link, string source)
    {
        string[] parts = PartsOf(identifier ?? "");
        bool hasName = !string.IsNullOrWhiteSpace(name);
        string found = hasName && (parts.Length == 0 || parts.Any(Evasions.Contains))
            ? Joined(parts.Where(part => !Evasions.Contains(part)).Prepend(name!))
            : identifier ?? "";
        if (string.IsNullOrWhiteSpace(found))
        {
            return null;
        }

        StatedLicense license = new(found, source) { Link = string.IsNullOrWhiteSpace(link) ? null : Line(link) };
        return hasName && (parts.Length == 0 || parts.Any(part => Evasions.Contains(HubLicenses.Find(part) ?? "")))
            ? license with { Identifier = IdentifierOf(parts.DefaultIfEmpty("")), OwnName = OwnNameOf(parts, name!) }
            : license;
    }

    /// <summary>Whether a file says how something came about and what its terms are.</summary>
    public static bool IsCard(string path) =>
        CardNames.Concat(TextNames).Contains(Path.GetFileName(path), StringComparer.OrdinalIgnoreCase);

    private static StatedLicense? First(string folder, string[] names, Func<string[], string, StatedLicense?> read)
    {
        foreach (string name in names)
        {
            foreach (string path in Called(folder, name))
            {
                // What is no file of a length, such as a pipe, would be waited for.
                if (new FileInfo(path) is { Exists: true, Length: > 0 }
                    && read(Lines(path), Path.GetFileName(path)) is { } license)
                {
                    return license;
                }
            }
        }

        return null;
    }

    // Authors write the names in capitals and without, and most systems tell them apart.
    private static IEnumerable<string> Called(string folder, string name) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder, name, new EnumerationOptions
        {
            AttributesToSkip = 0,
            MatchCasing = MatchCasing.CaseInsensitive,
        }).Order(StringComparer.Ordinal)
        : [];

    private static string[] Lines(string path)
    {
        byte[] bytes = new byte[MostBytes];
        using FileStream stream = File.OpenRead(path);
        int count = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return Encoding.UTF8.GetString(bytes, 0, count).TrimStart('\uFEFF').ReplaceLineEndings("\n").Split('\n');
    }

    private static StatedLicense? FromCard(string[] lines, string source)
    {
        int end = lines[0].TrimEnd() == Fence ? Array.FindIndex(lines, 1, line => line.TrimEnd() == Fence) : -1;
        string[] head = end < 0 ? [] : lines[1..end];
        return OfFields(Field(head, "license"), Field(head, "license_name"), Field(head, "license_link"), source);
    }

    // The value on the line itself, or the items of the list below it.
    private static string? Field(string[] head, string field)
    {
        int start = Array.FindIndex(head, line => line.StartsWith(field + ":", StringComparison.Ordinal));
        if (start < 0)
        {
            return null;
        }

        string value = Unquoted(head[start][(field.Length + 1)..].Trim().TrimStart('[').TrimEnd(']'));
        IEnumerable<string> items = head[(start + 1)..]
            .TakeWhile(line => line.TrimStart().StartsWith("- ", StringComparison.Ordinal))
            .Select(line => Unquoted(line.TrimStart()[2..]));
        return value.Length > 0 ? value : string.Join(", ", items);
    }

    private static StatedLicense? FromText(string[] lines, string source) =>
        lines.Select(line => line.Trim().TrimStart('#').Trim()).FirstOrDefault(line => line.Length > 0) is { } first
            ? new StatedLicense(first, source)
            : null;

    private static string Unquoted(string value) => value.Trim() is ['"', .. var inner, '"']
        ? Escaped().Replace(inner, "$1")
        : value.Trim().Trim('"', '\'');

    [GeneratedRegex(@"\\(.)")]
    private static partial Regex Escaped();

    private static string Line(string text)
    {
        string line = string.Concat(text.Where(letter => !char.IsControl(letter))).Trim();
        return line.Length > LongestName ? line[..LongestName] : line;
    }

    private static string[] PartsOf(string name) =>
        name.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static string IdentifierOf(IEnumerable<string> parts) =>
        Joined(parts.Select(part => HubLicenses.Find(part) ?? HubLicenses.Other));

    private static string OwnNameOf(string[] parts, params IEnumerable<string> names) =>
        Joined(names.Select(Line).Concat(parts.Where(part => HubLicenses.Find(part) is null)));

    private static string Joined(IEnumerable<string> parts) => string.Join(", ", parts.Distinct());
}
