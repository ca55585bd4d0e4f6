using System.Globalization;
using Chaku.Cli.Reports;
using Chaku.Kernels.Formats;
using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Model.Conversion;
using Chaku.Model.Files;
using Chaku.Model.Licenses;

namespace Chaku.Cli.Commands;

/// <summary>
/// A merge as the command does it: says what it will write, writes it under a temporary name, measures it, says what it
/// loses, asks, and keeps it or takes it away.
/// </summary>
/// <param name="terminal">Where it is said and asked.</param>
internal sealed class MergeJob(Terminal terminal)
{
    /// <summary>The model, a GGUF file.</summary>
    public required string ModelPath { get; init; }

    /// <summary>The adapter.</summary>
    public required string AdapterPath { get; init; }

    /// <summary>What the adapter's scale is multiplied with.</summary>
    public required float Strength { get; init; }

    /// <summary>The file to write.</summary>
    public required string TargetPath { get; init; }

    /// <summary>What changed matrices are stored as; null for what they are now.</summary>
    public required TensorFormat? Format { get; init; }

    /// <summary>The text that the loss is measured on; null for what the adapted model writes itself.</summary>
    public required string? TextPath { get; init; }

    /// <summary>Whether the file is kept without asking.</summary>
    public required bool IsAgreed { get; init; }

    /// <summary>Whether an adapter of another base is taken, and a file replaced without a question.</summary>
    public required bool IsForced { get; init; }

    /// <summary>Threads.</summary>
    public required int ThreadCount { get; init; }

    /// <summary>The command line, for the new file.</summary>
    public required string Command { get; init; }

    private bool CanAsk => terminal.IsInputTerminal && terminal.IsErrorTerminal;

    private bool ReplacesAsked => !IsAgreed && File.Exists(TargetPath);

    /// <summary>Merges.</summary>
    /// <exception cref="UsageException">Nobody can be asked, and nobody has agreed.</exception>
    /// <exception cref="AdapterException">The adapter is none of the model, or cannot be merged.</exception>
    /// <exception cref="IOException">
    /// A file cannot be read or written; the target is a source, or is there already and nobody is asked.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was cancelled; nothing is left.</exception>
    public MergeReport Run()
    {
        if (!IsAgreed && !CanAsk)
        {
            throw new UsageException("merge asks before it keeps the file: start it at a terminal, or add --yes");
        }

        DerivedModel.Require(ModelPath, TargetPath, replaces: !IsAgreed || IsForced, AdapterPath);
        using LanguageModel model = DerivedModel.Load(terminal, ModelPath, ThreadCount);
        ComparedText? text =
            TextPath is null ? null : ComparedText.OfFile(TextPath, model.Tokenizer, model.ContextLength);
        using AdapterSource source = AdapterSource.Open(AdapterPath);
        (AdapterMerge merge, FileOrigin origin) = Plan(model, source);
        Announce(merge);
        return Write(merge, origin, text, AdapterMerge.ResultOf(model.Source, source), model);
    }

    private (AdapterMerge Merge, FileOrigin Origin) Plan(LanguageModel model, AdapterSource source)
    {
        ContentHashCache hashes = ContentHashCache.ForUser();
        LoadedAdapter loaded;
        FileOrigin origin;
        using (ProgressReport progress = terminal.Progress("reading the model to know it again"))
        {
            loaded = AdapterReader.Read(source, model, hashes, IsForced, progress.Report, terminal.Cancellation);
            origin = AdapterConversion.OriginOf(
                source,
                model,
                AdapterMerge.LicenseOf(model.Source, source),
                hashes,
                Command,
                progress.Report,
                terminal.Cancellation);
        }

        foreach (string notice in loaded.Notices)
        {
            terminal.Warn(notice);
        }

        return (new AdapterMerge(model, loaded.Adapter, Strength, Format), origin);
    }

    private void Announce(AdapterMerge merge)
    {
        string formats = string.Join(", ", merge.Formats);
        terminal.Error.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{TargetPath} will be {Path.GetFileName(ModelPath)} with {AdapterPath} inside: {merge.Merged.Count} " +
            $"matrices changed, stored in {formats}; {merge.ByteLength / 1e6:0.0} MB. The model stays as it is."));
        string rounding = merge.Formats.All(format => format == TensorFormats.F32)
            ? ""
            : $"; what is merged is rounded to {formats}";
        terminal.Error.WriteLine($"The adapter beside the model (--adapter) stays exact and costs little{rounding}.");
    }

    private MergeReport Write(
        AdapterMerge merge, FileOrigin origin, ComparedText? text, ResultLicense license, LanguageModel model)
    {
        MergeReport? report = null;
        using ProgressReport writing = terminal.Progress("merging");
        bool isKept = AtomicFile.WriteIf(
            TargetPath,
            merge.Content(TargetPath, origin, writing.Report, terminal.Cancellation),
            temporary =>
            {
                writing.Dispose();
                report = new MergeReport(TargetPath, merge, Measure(merge, model, temporary, text), license);
                return IsAgreed || Ask(report);
            });
        return report! with { IsKept = isKept };
    }

    private MeasuredLoss Measure(AdapterMerge merge, LanguageModel model, string temporary, ComparedText? text)
    {
        text ??= ComparedText.Written(terminal, model, merge.Bound);
        using LanguageModel merged = DerivedModel.Load(terminal, temporary, ThreadCount);
        return MeasuredLoss.Of(terminal, model, merge.Bound, merged, text);
    }

    private bool Ask(MergeReport report)
    {
        terminal.Error.WriteLine(report.LossSentence);
        foreach (string advice in report.Advice)
        {
            terminal.Error.WriteLine(advice);
        }

        terminal.Error.Write(ReplacesAsked ? $"Replace {TargetPath} (y/N)? " : $"Keep {TargetPath} (y/N)? ");
        terminal.Error.Flush();
        return terminal.ReadAnswer()?.Trim().ToLowerInvariant() is "y" or "yes";
    }
}
