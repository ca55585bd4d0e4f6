using System.Globalization;
using System.Text.Json;
using Chaku.Model;
using Chaku.Model.Decoding;
using Chaku.Model.Scoring;

namespace Chaku.Cli.Reports;

/// <summary>What a changed model lost, as it is told to people and scripts.</summary>
/// <param name="Score">The figures.</param>
/// <param name="Text">What they were measured on.</param>
internal sealed record MeasuredLoss(DivergenceScore Score, string Text)
{
    /// <summary>Measures it.</summary>
    /// <param name="terminal">Shows how it goes.</param>
    /// <param name="reference">The model as it was.</param>
    /// <param name="adapter">Changes it; null for none.</param>
    /// <param name="changed">What was made of it.</param>
    /// <param name="text">What both read.</param>
    public static MeasuredLoss Of(
        Terminal terminal, LanguageModel reference, BoundAdapter? adapter, LanguageModel changed, ComparedText text)
    {
        using ProgressReport progress = terminal.Progress("measuring what it loses");
        return new(
            Divergence.Measure(reference, adapter, changed, text.Windows, progress.Report, terminal.Cancellation),
            text.Name);
    }

    /// <summary>Prints it.</summary>
    public void Print(Terminal terminal)
    {
        double before = Score.Reference.Perplexity, after = Score.Changed.Perplexity;
        terminal.Output.WriteLine($"measured on  {Text}");
        terminal.Output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"divergence   {Score.MeanKl:0.00000} ± {Score.KlError:0.00000} nats a token, " +
            $"{Score.LargestKl:0.000} at most"));
        terminal.Output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"perplexity   {before:0.000} before, {after:0.000} after ({(after / before) - 1:+0.00%;-0.00%;0.00%})"));
        terminal.Output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"first choice the same token {Score.SameTopShare:0.0%} of the time"));
    }

    /// <summary>Writes the fields for scripts.</summary>
    public void WriteFields(Utf8JsonWriter json)
    {
        json.WriteStartObject("loss");
        json.WriteString("text", Text);
        json.WriteNumber("token_count", Score.TokenCount);
        json.WriteFinite("mean_kl", Score.MeanKl);
        json.WriteFinite("kl_error", Score.KlError);
        json.WriteFinite("largest_kl", Score.LargestKl);
        json.WriteFinite("same_top_share", Score.SameTopShare);
        json.WriteFinite("perplexity_before", Score.Reference.Perplexity);
        json.WriteFinite("perplexity_after", Score.Changed.Perplexity);
        json.WriteEndObject();
    }
}
