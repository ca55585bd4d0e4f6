using Chaku.Cli.Reports;
using Chaku.Kernels.Threading;
using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Model.Conversion;
using Chaku.Model.Decoding;
using Chaku.Model.Families;
using Chaku.Model.Files;
using Chaku.Model.Scoring;

namespace Chaku.Cli.Commands;

/// <summary>Quantises a file and measures what that lost.</summary>
/// <param name="terminal">Shows how it goes.</param>
internal sealed class QuantizeJob(Terminal terminal)
{
    private const int MostCalibrationWindows = 64;

    /// <summary>The model's file.</summary>
    public required string SourcePath { get; init; }

    /// <summary>The file to write.</summary>
    public required string TargetPath { get; init; }

    /// <summary>The command line, for the new file.</summary>
    public required string CommandLine { get; init; }

    /// <summary>The formats.</summary>
    public required QuantMix Mix { get; init; }

    /// <summary>Whether every matrix gets the mix's own format.</summary>
    public bool IsPure { get; init; }

    /// <summary>A text to learn from which columns count; null for none.</summary>
    public string? CalibrationPath { get; init; }

    /// <summary>A text to measure on; null for what the model writes itself.</summary>
    public string? TextPath { get; init; }

    /// <summary>Whether the loss is measured.</summary>
    public bool Measures { get; init; }

    /// <summary>Threads.</summary>
    public int ThreadCount { get; init; }

    /// <summary>Whether a file that is there already is replaced.</summary>
    public bool Replaces { get; init; }

    /// <summary>Does it.</summary>
    /// <exception cref="UsageException">The model is a folder.</exception>
    /// <exception cref="IOException">
    /// A file cannot be read or written; the target is the source, or is there already.
    /// </exception>
    /// <exception cref="InvalidDataException">A text has nothing to read.</exception>
    public QuantizeReport Run()
    {
        DerivedModel.Require(SourcePath, TargetPath, Replaces);
        using GgufSource source = GgufSource.Open(SourcePath);
        DecoderConfig config = source.ReadConfig();
        int length = Math.Min(TokenWindows.UsualLength, config.ContextLength);
        IReadOnlyList<int[]>? calibration = CalibrationPath is null
            ? null
            : TextFile.Windows(CalibrationPath, source.CreateTokenizer(), length, MostCalibrationWindows);
        ComparedText? text = TextPath is null || !Measures
            ? null
            : ComparedText.OfFile(TextPath, source.CreateTokenizer(), length);
        QuantisingPlan plan = QuantisingPlan.Of(source, config, Mix, IsPure, calibration is not null);
        Warn(plan);
        ModelQuantiser quantiser = new(source, plan, calibration is null ? null : Calibrate(calibration));
        Write(source, quantiser);
        return new QuantizeReport(plan, quantiser.Errors, TargetPath, Measures ? Measure(text) : null);
    }

    private void Write(GgufSource source, ModelQuantiser quantiser)
    {
        FileOrigin origin = new(
            [new OriginSource(Path.GetFileName(SourcePath), Hash(source.Content))],
            source.License,
            CommandLine,
            AdapterOrigin.CurrentVersion);
        using ComputePool pool = new(ThreadCount);
        using ProgressReport progress = terminal.Progress("quantising");
        quantiser.Write(TargetPath, origin, pool, progress.Report, terminal.Cancellation);
    }

    private void Warn(QuantisingPlan plan)
    {
        if (plan.RequantisedCount > 0)
        {
            terminal.Warn(
                $"{plan.RequantisedCount} matrices of {SourcePath} are quantised already and are rounded a second " +
                "time, which loses more than rounding the original once");
        }

        if (plan.Narrow is [var first, ..] narrow)
        {
            terminal.Warn(
                $"{narrow.Count} matrices have rows that are not whole blocks of what {Mix.Name} asks for; they get " +
                $"another format: {first.Source.Name} has {first.Source.Dimensions[0]} columns and becomes " +
                $"{first.Format}");
        }
    }

    private string Hash(ModelContent content)
    {
        using ProgressReport progress = terminal.Progress("reading the weights");
        return ContentHashCache.ForUser().GetOrCompute(content, progress.Report, terminal.Cancellation);
    }

    private ColumnImportance Calibrate(IReadOnlyList<int[]> windows)
    {
        using LanguageModel model = DerivedModel.Load(terminal, SourcePath, ThreadCount);
        using ProgressReport progress = terminal.Progress("reading the calibration text");
        return ColumnImportance.Measure(model, windows, progress.Report, terminal.Cancellation);
    }

    private MeasuredLoss Measure(ComparedText? text)
    {
        bool isMeasured = false;
        try
        {
            using LanguageModel source = DerivedModel.Load(terminal, SourcePath, ThreadCount);
            using LanguageModel target = DerivedModel.Load(terminal, TargetPath, ThreadCount);
            text ??= ComparedText.Written(terminal, source, adapter: null);
            MeasuredLoss loss = MeasuredLoss.Of(terminal, source, adapter: null, target, text);
            isMeasured = true;
            return loss;
        }
        finally
        {
            if (!isMeasured)
            {
                terminal.Warn($"{TargetPath} is written and complete; what it loses was not measured");
            }
        }
    }
}
