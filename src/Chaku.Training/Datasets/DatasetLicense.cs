using System.Text;

namespace Chaku.Training.Datasets;

/// <summary>The terms that a data set is under, as somebody stated them.</summary>
/// <param name="Name">An identifier such as <c>cc-by-4.0</c>, or the first line of a licence's text.</param>
/// <param name="Source">Where it is stated, for people.</param>
internal sealed record DatasetLicense(string Name, string Source)
{
    private const int MostBytes = 1 << 16;
    private const string Fence = "---";

    private static readonly string[] CardNames = ["README.md", "README.MD", "readme.md"];
    private static readonly string[] TextNames = ["LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "COPYING"];

    /// <summary>
    /// What is stated: by the user; else in the file; else in the card beside it (<c>license:</c> at the head of
    /// <c>README.md</c>, as on Hugging Face); else by a licence's text beside it. Null where nothing is.
    /// </summary>
    /// <param name="dataset">The data set.</param>
    /// <param name="stated">What the user says; may be null.</param>
    public static DatasetLicense? Find(Dataset dataset, string? stated)
    {
        if (!string.IsNullOrWhiteSpace(stated))
        {
            return new DatasetLicense(stated.Trim(), "as you state it");
        }

        if (dataset.License is { } own)
        {
            return new DatasetLicense(own, Path.GetFileName(dataset.Path));
        }

        string folder = Directory.Exists(dataset.Path)
            ? dataset.Path
            : Path.GetDirectoryName(Path.GetFullPath(dataset.Path)) ?? ".";
        return First(folder, CardNames, FromCard) ?? First(folder, TextNames, FromText);
    }

    /// <summary>Whether a file says how data came about and is none of them.</summary>
    public static bool IsCard(string path) =>
        CardNames.Concat(TextNames).Contains(Path.GetFileName(path), StringComparer.OrdinalIgnoreCase);

    private static DatasetLicense? First(string folder, string[] names, Func<string[], string?> read)
    {
        foreach (string name in names)
        {
            string path = Path.Combine(folder, name);
            if (File.Exists(path) && read(Lines(path)) is { Length: > 0 } license)
            {
                return new DatasetLicense(license.Length > 200 ? license[..200] : license, name);
            }
        }

        return null;
    }

    private static string[] Lines(string path)
    {
        byte[] bytes = new byte[MostBytes];
        using FileStream stream = File.OpenRead(path);
        int count = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return Encoding.UTF8.GetString(bytes, 0, count).TrimStart('\uFEFF').ReplaceLineEndings("\n").Split('\n');
    }

    // The value on the line itself, or the items of the list below it.
    private static string? FromCard(string[] lines)
    {
        if (lines[0].TrimEnd() != Fence)
        {
            return null;
        }

        int end = Array.FindIndex(lines, 1, line => line.TrimEnd() == Fence);
        int start = Array.FindIndex(lines, line => line.StartsWith("license:", StringComparison.Ordinal));
        if (start < 0 || end < start)
        {
            return null;
        }

        string value = Unquoted(lines[start]["license:".Length..].Trim().TrimStart('[').TrimEnd(']'));
        IEnumerable<string> items = lines[(start + 1)..end]
            .TakeWhile(line => line.TrimStart().StartsWith("- ", StringComparison.Ordinal))
            .Select(line => Unquoted(line.TrimStart()[2..]));
        return value.Length > 0 ? value : string.Join(", ", items);
    }

    private static string? FromText(string[] lines) =>
        lines.Select(line => line.Trim().TrimStart('#').Trim()).FirstOrDefault(line => line.Length > 0);

    private static string Unquoted(string value) => value.Trim().Trim('"', '\'');
}
