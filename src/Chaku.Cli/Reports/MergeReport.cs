using System.Globalization;
using System.Text.Json;
using Chaku.Kernels.Formats;
using Chaku.Model.Conversion;
using Chaku.Model.Licenses;
using Chaku.Model.Scoring;

namespace Chaku.Cli.Reports;

/// <summary>What a merged file is, and what it loses beside the un-merged adapter.</summary>
/// <param name="Path">The file.</param>
/// <param name="Merge">What was merged.</param>
/// <param name="Loss">The merged model beside the un-merged adapter.</param>
/// <param name="Text">What that was measured on.</param>
/// <param name="License">What applies to it.</param>
internal sealed record MergeReport(
    string Path, AdapterMerge Merge, DivergenceScore Loss, string Text, ResultLicense License)
{
    /// <summary>Whether the file was kept.</summary>
    public bool IsKept { get; init; }

    /// <summary>What it loses, in a sentence.</summary>
    public string LossSentence => string.Create(
        CultureInfo.InvariantCulture,
        $"Merged, the next token's probabilities are {Loss.MeanKl:0.0000000} ± {Loss.KlError:0.0000000} nats (KL) " +
        $"from those of the adapter beside the model, on {Text}; the first choice is the same " +
        $"{Loss.SameTopShare:0.0%} of the time, and the perplexity is {Loss.Changed.Perplexity:0.0000} instead of " +
        $"{Loss.Reference.Perplexity:0.0000}.");

    private string Formats => string.Join(", ", Merge.Formats);

    /// <summary>Prints it for people.</summary>
    public void Print(Terminal terminal)
    {
        if (!IsKept)
        {
            terminal.Output.WriteLine($"{Path} was not written");
            return;
        }

        terminal.Output.WriteLine($"{Path}: {Merge.Merged.Count} matrices merged, in {Formats}");
        terminal.Output.WriteLine(LossSentence);
        LicenseReport.Print(terminal.Output, "licence      ", License);
    }

    /// <summary>Writes the fields for scripts.</summary>
    public void WriteFields(Utf8JsonWriter json)
    {
        json.WriteString("file", Path);
        json.WriteBoolean("kept", IsKept);
        json.WriteNumber("matrix_count", Merge.Merged.Count);
        json.WriteStartArray("formats");
        foreach (TensorFormat format in Merge.Formats)
        {
            json.WriteStringValue(format.Name);
        }

        json.WriteEndArray();
        WriteLoss(json);
        LicenseReport.WriteFields(json, License);
    }

    private void WriteLoss(Utf8JsonWriter json)
    {
        json.WriteStartObject("loss");
        json.WriteString("text", Text);
        json.WriteNumber("token_count", Loss.TokenCount);
        json.WriteFinite("mean_kl", Loss.MeanKl);
        json.WriteFinite("kl_error", Loss.KlError);
        json.WriteFinite("largest_kl", Loss.LargestKl);
        json.WriteFinite("same_top_share", Loss.SameTopShare);
        json.WriteFinite("perplexity_before", Loss.Reference.Perplexity);
        json.WriteFinite("perplexity_after", Loss.Changed.Perplexity);
        json.WriteEndObject();
    }
}
