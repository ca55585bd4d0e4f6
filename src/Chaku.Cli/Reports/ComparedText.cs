using System.Globalization;
using Chaku.Model;
using Chaku.Model.Decoding;
using Chaku.Model.Scoring;

namespace Chaku.Cli.Reports;

/// <summary>What two models are compared on.</summary>
/// <param name="Windows">Tokens.</param>
/// <param name="Name">What they are, for people.</param>
internal sealed record ComparedText(IReadOnlyList<int[]> Windows, string Name)
{
    private const int MostTextWindows = 16;
    private const int WrittenWindows = 8;
    private const int WrittenLength = 65;

    /// <summary>The beginning of a text, or what the model writes itself.</summary>
    /// <param name="terminal">Shows how it goes.</param>
    /// <param name="model">The model as it was.</param>
    /// <param name="adapter">Changes it; null for none.</param>
    /// <param name="path">The text; null for what the model writes.</param>
    public static ComparedText Of(Terminal terminal, LanguageModel model, BoundAdapter? adapter, string? path)
    {
        if (path is not null)
        {
            IReadOnlyList<int[]> windows = TokenWindows.OfText(
                model.Tokenizer,
                TextFile.Read(path),
                Math.Min(model.ContextLength, TokenWindows.UsualLength),
                MostTextWindows);
            return new(windows, $"the first {Count(windows)} tokens of {Path.GetFileName(path)}");
        }

        using ProgressReport progress = terminal.Progress("writing a text to measure on");
        IReadOnlyList<int[]> written = TokenWindows.Written(
            model,
            adapter,
            TokenWindows.FirstToken(model),
            Math.Min(model.ContextLength, WrittenLength),
            WrittenWindows,
            seed: 0,
            progress.Report,
            terminal.Cancellation);
        return new(written, $"{Count(written)} tokens that the original wrote itself");
    }

    private static string Count(IReadOnlyList<int[]> windows) =>
        windows.Sum(window => window.Length - 1).ToString("N0", CultureInfo.InvariantCulture);
}
