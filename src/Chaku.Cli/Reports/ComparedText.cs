using System.Globalization;
using Chaku.Model;
using Chaku.Model.Decoding;
using Chaku.Model.Scoring;
using Chaku.Model.Tokenizers;

namespace Chaku.Cli.Reports;

/// <summary>What two models are compared on.</summary>
/// <param name="Windows">Tokens.</param>
/// <param name="Name">What they are, for people.</param>
internal sealed record ComparedText(IReadOnlyList<int[]> Windows, string Name)
{
    private const int MostTextWindows = 16;
    private const int WrittenWindows = 8;
    private const int WrittenLength = 65;

    /// <summary>The beginning of a text.</summary>
    /// <param name="path">The text.</param>
    /// <param name="tokenizer">The models'.</param>
    /// <param name="contextLength">Positions that the models see at most.</param>
    /// <exception cref="InvalidDataException">It has no token to predict, or is no UTF-8.</exception>
    /// <exception cref="IOException">It is missing or cannot be read.</exception>
    public static ComparedText OfFile(string path, Tokenizer tokenizer, int contextLength)
    {
        IReadOnlyList<int[]> windows = TextFile.Windows(
            path, tokenizer, Math.Min(contextLength, TokenWindows.UsualLength), MostTextWindows);
        return new(windows, $"the first {Count(windows)} tokens of {Path.GetFileName(path)}");
    }

    /// <summary>What the model writes itself.</summary>
    /// <param name="terminal">Shows how it goes.</param>
    /// <param name="model">The model as it was.</param>
    /// <param name="adapter">Changes it; null for none.</param>
    public static ComparedText Written(Terminal terminal, LanguageModel model, BoundAdapter? adapter)
    {
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
