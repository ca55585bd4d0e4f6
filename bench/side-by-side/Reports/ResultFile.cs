using System.Text.Json;
using Chaku.SideBySide.Measuring;

namespace Chaku.SideBySide.Reports;

/// <summary>
/// Results of many runs in one JSON file, and a Markdown page made from it. A result takes the place of an older one of
/// the same measurement on the same setup, so that parts can be measured again; each says when and of what it is.
/// </summary>
internal static class ResultFile
{
    private static readonly JsonSerializerOptions Format = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Adds results to a file and writes it and its page.</summary>
    /// <param name="folder">Where they lie.</param>
    /// <param name="name">Of the files, without ending.</param>
    /// <param name="results">New ones.</param>
    /// <param name="page">Makes the page from all that there are.</param>
    /// <returns>All that there are.</returns>
    public static IReadOnlyList<Result> Add(
        string folder, string name, IReadOnlyList<Result> results, Func<IReadOnlyList<Result>, string> page)
    {
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, name + ".json");
        List<Result> all = File.Exists(path)
            ? JsonSerializer.Deserialize<List<Result>>(File.ReadAllText(path), Format)!
            : [];
        foreach (Result result in results)
        {
            int place = all.FindIndex(old => old.IsReplacedBy(result));
            if (place >= 0)
            {
                all[place] = result;
            }
            else
            {
                all.Add(result);
            }
        }

        File.WriteAllText(path, JsonSerializer.Serialize(all, Format) + "\n");
        File.WriteAllText(Path.Combine(folder, name + ".md"), page(all));
        return all;
    }
}
