using System.Runtime.InteropServices;
using System.Text.Json;
using Chaku.Model.Adapters;
using Chaku.Model.Decoding;
using Chaku.Model.Files;
using Chaku.Training.Datasets;

namespace Chaku.Training.Runs;

/// <summary>
/// All that is known of a run when it has ended, as the lists that <c>run.json</c>, the model card and the report are
/// made of. Nothing of it is in the adapter, which the same run writes with the same bytes.
/// </summary>
/// <param name="Report">What the run did.</param>
/// <param name="Options">What was asked for.</param>
/// <param name="DataPath">The data set.</param>
/// <param name="Written">The adapter's folder, or the model's file.</param>
/// <param name="History">The losses of its steps.</param>
/// <param name="Date">When it ended.</param>
internal sealed record RunRecord(
    TuneReport Report, TuneOptions Options, string DataPath, string Written, LossHistory History, DateTimeOffset Date)
{
    private const int FormatVersion = 1;

    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>The facts, side by side. A new one is one entry here.</summary>
    public IReadOnlyList<RunSection> Sections =>
    [
        new("run", "Run", Run()),
        new("base", "Base", Base()),
        new("data", "Data", Data()),
        new("options", "Hyper-parameters", Settings()),
        new("losses", "Results", Losses()),
        new("effect", "Change", Effect()),
        new("cost", "Cost", Cost()),
        new("license", "Licence", License()),
        new("machine", "Machine", Machine()),
    ];

    /// <summary>What the base is called.</summary>
    public string BaseName => Report.Plan.Model.Source.Name ?? Path.GetFileName(Report.Plan.Model.Path);

    /// <summary>What the data set is called.</summary>
    public string DataName => Path.GetFileName(Path.TrimEndingDirectorySeparator(DataPath));

    /// <summary>What was written is called.</summary>
    public string Name => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Written)));

    /// <summary>Tokens a second that were learnt from.</summary>
    public double TokensPerSecond => Report.ElapsedSeconds > 0 ? Report.TokenCount / Report.ElapsedSeconds : 0;

    /// <summary>Records of which something is learnt; one may give several sequences.</summary>
    public int LearntCount => Places(Report.Plan.Data.Training).Count;

    /// <summary>Records that are only measured on.</summary>
    public int HeldOutCount => Places(Report.Plan.Data.Validation).Except(Places(Report.Plan.Data.Training)).Count();

    /// <summary>What is not learnt, by the reason.</summary>
    public IReadOnlyList<RecordGroup> Dropped =>
        DatasetSurvey.Groups(Report.Plan.Data.Dropped.Select(dropped => (dropped.Kind, dropped.Place)));

    /// <summary>Writes the record, the curve and the model card, each whole or not at all.</summary>
    /// <exception cref="IOException">One cannot be written.</exception>
    public void Write()
    {
        RunFiles files = Report.Plan.Files;
        Directory.CreateDirectory(files.Folder);
        AtomicFile.WriteAll(
        [
            (files.Report, WriteJson),
            (files.Curve, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(Curve()))),
            (files.Card, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(ModelCard.Of(this)))),
        ]);
    }

    /// <summary>The picture of the losses.</summary>
    public string Curve() => LossCurve.Draw($"{BaseName} on {DataName}", History, Report.HeldOut);

    private static HashSet<string> Places(TrainingSet set) => [.. set.Sequences.Select(sequence => sequence.Place)];

    private static RunRow[] Rows(IReadOnlyList<RecordGroup> groups) =>
    [
        .. groups.Select(group => new RunRow(
            new RunFact("reason", group.Kind),
            new RunFact("count", group.Places.Count),
            new RunFact("first", group.Places[0]))),
    ];

    private static string Ended(RunEnd end) => end switch
    {
        RunEnd.Complete => "complete",
        RunEnd.StoppedEarly => "stopped_early",
        RunEnd.Cancelled => "cancelled",
        RunEnd.Diverged => "diverged",
        _ => throw new ArgumentOutOfRangeException(nameof(end), end, "no such end"),
    };

    private static double? Perplexity(double? loss) => loss is { } known ? Math.Exp(known) : null;

    private void WriteJson(Stream stream)
    {
        using Utf8JsonWriter json = new(stream, Indented);
        json.WriteStartObject();
        json.WriteNumber("format_version", FormatVersion);
        foreach (RunSection section in Sections)
        {
            json.WriteStartObject(section.Name);
            foreach (RunFact fact in section.Facts)
            {
                fact.Write(json);
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private RunFact[] Run() =>
    [
        new("ended", Ended(Report.End)),
        new("date", Date.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", null)),
        new("version", AdapterOrigin.CurrentVersion),
        new("recipe", Options.Recipe),
        new("steps_planned", Report.Plan.StepCount),
        new("steps_done", Report.StepsDone),
        new("kept_step", Report.KeptStep),
        new("resumed_from", Report.Plan.ResumedFrom),
        new("epochs_planned", Report.Plan.EpochCount),
        new("trained_matrices", Report.Plan.MatrixCount),
        new("trained_parameters", Report.Plan.ParameterCount),
        new("tokens", Report.TokenCount),
        new("seconds", Math.Round(Report.ElapsedSeconds, 3)),
        new("tokens_per_second", Math.Round(TokensPerSecond, 1)),
    ];

    private RunFact[] Base() =>
    [
        new("name", BaseName),
        new("file", Path.GetFileName(Report.Plan.Model.Path)),
        new("parameters", WeightList.Of(Report.Plan.Model.Decoder.Weights).Sum(
            tensor => tensor.Matrix is { } matrix ? (long)matrix.Rows * matrix.Columns : tensor.Vector.Length)),
        new("template", Report.Plan.Template),
        new("sha256", Report.Plan.Origin.BaseSha256),
        new("license", Report.Plan.Origin.BaseLicense),
    ];

    private RunFact[] Data()
    {
        TrainingData data = Report.Plan.Data;
        return
        [
            new("file", DataName),
            new("sha256", Report.Plan.Origin.DataSha256),
            new("license", Report.Plan.Origin.DataLicense),
            new("records", data.RecordCount),
            new("learnt_records", LearntCount),
            new("held_out_records", HeldOutCount),
            new("dropped", Rows(Dropped)),
            new("changed", Rows(data.Changed)),
            new("sequences", data.Training.Sequences.Count),
            new("sequence_tokens", data.Training.TokenCount),
            new("learnt_tokens", data.Training.TrainedTokenCount),
            new("held_out_sequences", data.Validation.Sequences.Count),
            new("held_out_tokens", data.Validation.TrainedTokenCount),
        ];
    }

    // The context and the steps are what was taken where nobody named them.
    private RunFact[] Settings()
    {
        TuneOptions taken = Options with
        {
            WarmupSteps = Report.Plan.WarmupCount,
            WarmupShare = null,
            ContextLength = Options.ContextLength ?? Report.Plan.ContextLength,
        };
        return
        [
            .. from field in TuneFields.All
               where field.Text(taken) is not null
               select new RunFact(field.Name.Replace('-', '_'), field.Value(taken)),
        ];
    }

    private RunFact[] Losses() =>
    [
        new("first_loss", Report.FirstLoss),
        new("last_loss", Report.LastLoss),
        new("held_out_loss_before", Report.ValidationBefore),
        new("held_out_loss_after", Report.ValidationAfter),
        new("perplexity_before", Perplexity(Report.ValidationBefore)),
        new("perplexity_after", Perplexity(Report.ValidationAfter)),
        new("held_out", Report.HeldOut
            .Select(measured => new RunRow(new RunFact("step", measured.Step), new RunFact("loss", measured.Loss)))
            .ToArray()),
    ];

    private RunFact[] Effect() => Report.Effect is not { } effect ? [] :
    [
        new("change", effect.Change),
        new("relative_change", effect.Relative),
        new("modules", effect.Modules
            .Select(module => new RunRow(new RunFact("module", module.Module), new RunFact("change", module.Change)))
            .ToArray()),
    ];

    private RunFact[] Cost() =>
    [
        new("joules", Report.Cost.Joules),
        new("energy_is_measured", Report.Cost.IsMeasured),
        new("watts", Report.Cost.Watts),
        new("money", Report.Cost.Money),
        new("currency", Report.Cost.Tariff.Currency),
        new("price_per_kwh", Report.Cost.Tariff.PricePerKilowattHour),
        new("price_per_hour", Report.Cost.Tariff.PricePerHour),
        new("estimated_seconds", Report.Plan.Estimate.Cost.Seconds),
        new("peak_memory_bytes", Report.PeakMemoryBytes),
        new("estimated_memory_bytes", Report.Plan.Estimate.Memory.TotalBytes),
    ];

    private RunFact[] License() =>
    [
        new("commercial_use", Report.Plan.License.Commercial.ToString().ToLowerInvariant()),
        new("sentences", string.Join(' ', Report.Plan.License.Sentences)),
    ];

    private RunFact[] Machine() =>
    [
        new("host", Environment.MachineName),
        new("system", RuntimeInformation.OSDescription),
        new("processor", RuntimeInformation.OSArchitecture.ToString()),
        new("processors", Environment.ProcessorCount),
        new("threads", Report.Plan.Model.Options.ThreadCount),
        new("runtime", RuntimeInformation.FrameworkDescription),
    ];
}
