using Chaku.SideBySide.Measuring;

namespace Chaku.SideBySide.Reports;

/// <summary>Where results go: a page and a JSON file, written again after each result, or nowhere.</summary>
/// <param name="folder">The folder; null for nowhere.</param>
/// <param name="name">Of the files, without ending.</param>
/// <param name="title">The page's heading.</param>
/// <param name="introduction">What the page shows, and how to repeat it.</param>
/// <param name="order">The names of measurements as the page has them.</param>
internal sealed class Report(
    string? folder, string name, string title, string introduction, IReadOnlyList<string> order)
{
    private readonly Circumstances _circumstances = Circumstances.Now();

    /// <summary>Adds a result.</summary>
    /// <param name="result">The result.</param>
    /// <param name="peer">The version of the peer that took part; null where none did.</param>
    /// <returns>All that there are; none where nothing is written.</returns>
    public IReadOnlyList<Result> Add(Result result, string? peer)
    {
        if (folder is null)
        {
            return [];
        }

        Circumstances here = _circumstances with { Peers = peer is null ? [] : [peer] };
        return ResultFile.Add(
            folder,
            name,
            [result with { Circumstances = here }],
            all => MarkdownPage.Of(title, introduction, Ordered(all)));
    }

    private IReadOnlyList<Result> Ordered(IReadOnlyList<Result> all)
    {
        List<string> names = [.. order];
        return [.. all.OrderBy(result => names.IndexOf(result.Measurement))];
    }
}
