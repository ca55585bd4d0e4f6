using System.Globalization;
using System.Text.Json;
using Chaku.Kernels.Formats;
using Chaku.Model.Conversion;
using Chaku.Model.Licenses;

namespace Chaku.Cli.Reports;

/// <summary>What a merged file is, and what it loses beside the un-merged adapter.</summary>
/// <param name="Path">The file.</param>
/// <param name="Merge">What was merged.</param>
/// <param name="Loss">The merged model beside the un-merged adapter.</param>
/// <param name="License">What applies to it.</param>
internal sealed record MergeReport(string Path, AdapterMerge Merge, MeasuredLoss Loss, ResultLicense License)
{
    // From here on, weights are stored nearly as they are.
    private const double FineBits = 8;

    /// <summary>Whether the file was kept.</summary>
    public bool IsKept { get; init; }

    /// <summary>What it loses, in a sentence.</summary>
    public string LossSentence => string.Create(
        CultureInfo.InvariantCulture,
        $"Merged, the next token's probabilities are {Loss.Score.MeanKl:0.0000000} ± {Loss.Score.KlError:0.0000000} " +
        $"nats (KL) from those of the adapter beside the model, on {Loss.Text}; the first choice is the same " +
        $"{Loss.Score.SameTopShare:0.0%} of the time, and the perplexity is {Loss.Score.Changed.Perplexity:0.0000} " +
        $"instead of {Loss.Score.Reference.Perplexity:0.0000}.");

    /// <summary>What is advised against, a sentence each; none for nothing.</summary>
    public IReadOnlyList<string> Advice =>
    [
        .. Advised(
            tensor => tensor.Source.Format.BlockLength > 1,
            "round a second time what was rounded before",
            "--type f16 rounds less"),
        .. Advised(
            tensor => tensor.Source.Format.BlockLength == 1,
            "round what the adapter was trained on unrounded",
            "merge to f16, and let chaku quantize choose a mix of formats for what comes of it"),
    ];

    private bool IsAdvisedAgainst => Merge.Formats.Any(IsCoarse);

    private string Formats => string.Join(", ", Merge.Formats);

    private static bool IsCoarse(TensorFormat format) =>
        8.0 * format.BlockByteLength / format.BlockLength < FineBits;

    private IEnumerable<string> Advised(Predicate<MergedTensor> isMeant, string what, string instead)
    {
        string[] formats =
        [
            .. Merge.Merged.Where(tensor => isMeant(tensor) && IsCoarse(tensor.Format))
                .Select(tensor => tensor.Format.Name).Distinct(),
        ];
        return formats.Length == 0
            ? []
            : [string.Create(
                CultureInfo.InvariantCulture,
                $"Advised against: {string.Join(", ", formats)} {what}, which makes the " +
                $"{Loss.Score.MeanKl:0.0000000} nats. --adapter beside the model loses none; {instead}.")];
    }

    /// <summary>Prints it for people.</summary>
    public void Print(Terminal terminal)
    {
        if (!IsKept)
        {
            terminal.Output.WriteLine($"{Path} was not written");
            return;
        }

        terminal.Output.WriteLine($"{Path}: {Merge.Merged.Count} matrices merged, in {Formats}");
        Loss.Print(terminal);
        foreach (string advice in Advice)
        {
            terminal.Output.WriteLine(advice);
        }

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
        Loss.WriteFields(json);
        json.WriteBoolean("advised_against", IsAdvisedAgainst);
        LicenseReport.WriteFields(json, License);
    }
}
