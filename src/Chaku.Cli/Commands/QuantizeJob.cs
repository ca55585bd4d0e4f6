using Chaku.Cli.Reports;
using Chaku.Kernels.Threading;
using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Model.Conversion;
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

    /// <summary>Does it.</summary>
    /// <exception cref="UsageException">The model is a folder, or the target is the source.</exception>
    public QuantizeReport Run()
    {
        if (Directory.Exists(SourcePath))
        {
            throw new UsageException(
                $"{SourcePath} is a folder; chaku convert makes a GGUF file of it, which can be quantised");
        }

        if (Path.GetFullPath(SourcePath) == Path.GetFullPath(TargetPath))
        {
            throw new UsageException("the new file cannot take the place of the one that it is made from");
        }

        using GgufSource source = GgufSource.Open(SourcePath);
        QuantisingPlan plan = QuantisingPlan.Of(source, source.ReadConfig(), Mix, IsPure);
        Warn(plan);
        ColumnImportance? importance = CalibrationPath is null ? null : Calibrate(CalibrationPath);
        ModelQuantiser quantiser = new(source, plan, importance);
        FileOrigin origin = new(
            [new OriginSource(Path.GetFileName(SourcePath), Hash(source.Content))],
            source.License,
            CommandLine,
            AdapterOrigin.CurrentVersion);
        using (ComputePool pool = new(ThreadCount))
        using (ProgressReport progress = terminal.Progress("quantising"))
        {
            quantiser.Write(TargetPath, origin, pool, progress.Report, terminal.Cancellation);
        }

        return new QuantizeReport(plan, quantiser.Errors, TargetPath, Measures ? Measure() : null);
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

    private ColumnImportance Calibrate(string path)
    {
        using LanguageModel model = Load(SourcePath);
        IReadOnlyList<int[]> windows = TokenWindows.OfText(
            model.Tokenizer, TextFile.Read(path), model.ContextLength, MostCalibrationWindows);
        using ProgressReport progress = terminal.Progress("reading the calibration text");
        return ColumnImportance.Measure(model, windows, progress.Report, terminal.Cancellation);
    }

    private MeasuredLoss Measure()
    {
        using LanguageModel source = Load(SourcePath);
        using LanguageModel target = Load(TargetPath);
        ComparedText text = ComparedText.Of(terminal, source, adapter: null, TextPath);
        return MeasuredLoss.Of(terminal, source, adapter: null, target, text);
    }

    // Read where the weights lie: both models together are to need little memory.
    private LanguageModel Load(string path)
    {
        ModelOptions options = new() { ThreadCount = ThreadCount, Repack = false };
        using (GgufSource source = GgufSource.Open(path))
        {
            options = options with
            {
                ContextLength = Math.Min(TokenWindows.UsualLength, source.ReadConfig().ContextLength),
            };
        }

        return LanguageModel.Load(path, options, null, terminal.Cancellation);
    }
}
