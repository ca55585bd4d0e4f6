using System.Globalization;
using System.Text;
using Chaku.SideBySide.Measuring;

namespace Chaku.SideBySide.Reports;

/// <summary>Results as a page: a table for each measurement, and what they were measured with.</summary>
internal static class MarkdownPage
{
    /// <summary>The page.</summary>
    /// <param name="title">Its heading.</param>
    /// <param name="introduction">What it shows, and how to repeat it.</param>
    /// <param name="results">In the order of the tables.</param>
    public static string Of(string title, string introduction, IReadOnlyList<Result> results)
    {
        List<Circumstances> circumstances = [];
        StringBuilder page = new();
        page.Append(CultureInfo.InvariantCulture, $"# {title}\n\n{introduction}\n");
        foreach (IGrouping<string, Result> group in results.GroupBy(result => result.Measurement))
        {
            AddTable(page, [.. group], circumstances);
        }

        page.Append("\n## Measured with\n\n");
        for (int i = 0; i < circumstances.Count; i++)
        {
            Circumstances one = circumstances[i];
            string peers = string.Concat(one.Peers.Select(peer => "; " + peer));
            page.Append(CultureInfo.InvariantCulture, $"{i + 1}. {one.Date}, commit {one.Commit}; {one.Processor}; ");
            page.Append(CultureInfo.InvariantCulture, $"{one.Runtime}; load {one.LoadAverage} before{peers}\n");
        }

        return page.ToString();
    }

    private static void AddTable(StringBuilder page, Result[] results, List<Circumstances> circumstances)
    {
        string[] labels = [.. results.SelectMany(result => result.Figures).Select(figures => figures.Label).Distinct()];
        string? over = results.Select(result => result.Over).FirstOrDefault(label => label is not null);
        string ratio = over is null ? "" : $" ratio to {over} | of single rounds |";
        Result last = results[^1];
        page.Append(CultureInfo.InvariantCulture, $"\n## {last.Title}\n\nIn {last.Unit}; medians.\n\n");
        page.Append(CultureInfo.InvariantCulture, $"| model | threads | {string.Join(" | ", labels)} |{ratio}");
        page.Append(" rounds | measured with |\n|---|---|");
        page.Append(string.Concat(Enumerable.Repeat("---|", labels.Length + (over is null ? 2 : 4)))).Append('\n');
        foreach (Result result in results)
        {
            Setup setup = result.Setup;
            string at = setup.At is null ? "" : $", {setup.At}";
            page.Append(CultureInfo.InvariantCulture, $"| {setup.Shape} {setup.Format}{at} | {setup.ThreadCount} |");
            foreach (string label in labels)
            {
                Figures? figures = result.Figures.FirstOrDefault(one => one.Label == label);
                page.Append(' ').Append(figures is null ? "–" : Number(figures.Median)).Append(" |");
            }

            if (over is not null)
            {
                page.Append(RatioCells(result));
            }

            int rounds = result.Figures[0].Samples.Length;
            int number = NumberOf(result.Circumstances!, circumstances);
            page.Append(CultureInfo.InvariantCulture, $" {rounds} | {number} |\n");
        }
    }

    /// <summary>A figure with three digits.</summary>
    public static string Number(double value) => value switch
    {
        >= 100 => value.ToString("F0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("F1", CultureInfo.InvariantCulture),
        _ => value.ToString("F2", CultureInfo.InvariantCulture),
    };

    private static string RatioCells(Result result) => (result.Ratio, result.RatioRange) switch
    {
        ({ } ratio, var (least, most)) => string.Create(
            CultureInfo.InvariantCulture, $" **{ratio:F2}** | {least:F2}–{most:F2} |"),
        _ => " – | – |",
    };

    // Runs of one day on one commit that differ only in the load are told apart: it says how much to believe.
    private static int NumberOf(Circumstances one, List<Circumstances> all)
    {
        int place = all.FindIndex(other =>
            one with { Peers = other.Peers } == other && one.Peers.SequenceEqual(other.Peers));
        if (place < 0)
        {
            all.Add(one);
            place = all.Count - 1;
        }

        return place + 1;
    }
}
