using System.Globalization;
using System.Text.Json;
using Chaku.Training;
using Chaku.Training.Datasets;
using Chaku.Training.Runs;

namespace Chaku.Cli.Reports;

/// <summary>What came of a tuning run.</summary>
internal static class TuneOutcome
{
    /// <summary>Prints it for people.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="record">The run.</param>
    /// <param name="withNext">Whether it ends with a command to try.</param>
    public static void Print(TextWriter output, RunRecord record, bool withNext = true)
    {
        foreach ((string title, string text) in Lines(record))
        {
            output.WriteLine(Terminal.Harmless(Terminal.OneLine($"{title,-14}  {text}")));
        }

        if (withNext)
        {
            output.WriteLine(Terminal.Harmless(Terminal.OneLine($"{"try",-14}  {Command(record)}")));
        }
    }

    /// <summary>Writes the fields for scripts where the result was there before, and nothing was done.</summary>
    public static void WriteComplete(Utf8JsonWriter json, string written, bool isFull)
    {
        json.WriteString("adapter", isFull ? null : written);
        json.WriteString("model", isFull ? written : null);
        json.WriteBoolean("complete_before", true);
    }

    /// <summary>Writes the fields for scripts.</summary>
    public static void WriteFields(Utf8JsonWriter json, RunRecord record)
    {
        TuneReport report = record.Report;
        TrainingData data = report.Plan.Data;
        json.WriteString("adapter", report.Plan.IsFull ? null : record.Written);
        json.WriteString("model", report.Plan.IsFull ? record.Written : null);
        json.WriteString("run_folder", report.Plan.Files.Folder);
        json.WriteString("recipe", record.Options.Recipe);
        json.WriteString("template", report.Plan.Template);
        json.WriteNumber("step_count", report.Plan.StepCount);
        json.WriteNumber("steps_done", report.StepsDone);
        json.WriteNumber("kept_step", report.KeptStep);
        json.WriteNumber("resumed_from", report.Plan.ResumedFrom);
        json.WriteBoolean("stopped_early", report.End == RunEnd.StoppedEarly);
        json.WriteBoolean("complete_before", false);
        json.WriteFinite("epoch_count", report.Plan.EpochCount);
        json.WriteNumber("matrix_count", report.Plan.MatrixCount);
        json.WriteNumber("parameter_count", report.Plan.ParameterCount);
        json.WriteNumber("record_count", data.RecordCount);
        json.WriteNumber("learnt_record_count", record.LearntCount);
        json.WriteNumber("held_out_record_count", record.HeldOutCount);
        json.WriteNumber("trained_token_count", data.Training.TrainedTokenCount);
        json.WriteNumber("held_out_token_count", data.Validation.TrainedTokenCount);
        json.WriteFinite("first_loss", report.FirstLoss);
        json.WriteFinite("last_loss", report.LastLoss);
        json.WriteFinite("held_out_loss_before", report.ValidationBefore ?? double.NaN);
        json.WriteFinite("held_out_loss_after", report.ValidationAfter ?? double.NaN);
        json.WriteNumber("token_count", report.TokenCount);
        json.WriteNumber("seconds", Math.Round(report.ElapsedSeconds, 3));
        json.WriteString("base_license", report.Plan.Origin.BaseLicense);
        json.WriteString("data_license", report.Plan.Origin.DataLicense);
        json.WriteString("data_sha256", report.Plan.Origin.DataSha256);
        LicenseReport.WriteFields(json, report.Plan.License);
        EffectReport.WriteFields(json, report.Effect?.Modules ?? []);
        json.WriteNumber("peak_memory", report.PeakMemoryBytes);
        json.WriteStartObject("estimate");
        EstimateReport.WriteFields(json, report.Plan.Estimate);
        json.WriteEndObject();
        json.WriteStartObject("cost");
        EstimateReport.WriteFields(json, report.Cost);
        json.WriteEndObject();
        DataReport.WriteGroups(json, "changed", data.Changed);
        json.WriteStartArray("dropped");
        foreach (DroppedRecord dropped in data.Dropped)
        {
            json.WriteStartObject();
            json.WriteString("place", dropped.Place);
            json.WriteString("reason", dropped.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    // What is told, in its order; a new line is one entry here.
    private static IEnumerable<(string Title, string Text)> Lines(RunRecord record)
    {
        TuneReport report = record.Report;
        yield return (report.Plan.IsFull ? "model" : "adapter", record.Written);
        TrainingData data = report.Plan.Data;
        int sequences = data.Training.Sequences.Count;
        yield return ("data", data.RecordCount == 1
            ? Text($"1 record: {sequences} sequences learnt, {data.Validation.Sequences.Count} held out")
            : Text($"{data.RecordCount} records: {record.LearntCount} learnt, {record.HeldOutCount} held out"));
        foreach (RecordGroup group in record.Dropped)
        {
            yield return ("dropped", Text($"{group.Places.Count}: {group.Kind} ({group.Places[0]} first)"));
        }

        yield return ("steps", Text($"{report.StepsDone} of {report.Plan.StepCount}"));
        if (report.KeptStep != report.StepsDone)
        {
            yield return ("kept", Text($"the numbers behind step {report.KeptStep}: the lowest held-out loss"));
        }

        string time = TuneScreen.Spell(report.ElapsedSeconds);
        yield return ("time", Text($"{time}, {report.TokenCount} tokens, {record.TokensPerSecond:0} a second"));
        yield return ("took", EstimateReport.Line(report.Cost));
        yield return ("memory", Text($"{report.PeakMemoryBytes / 1e9:0.00} GB at most"));
        yield return ("loss", Text($"{report.FirstLoss:0.0000} -> {report.LastLoss:0.0000}"));
        if (report is { ValidationBefore: { } before, ValidationAfter: { } after })
        {
            yield return ("held-out loss", Text($"{before:0.0000} -> {after:0.0000}"));
            yield return ("perplexity", Text($"{Math.Exp(before):0.00} -> {Math.Exp(after):0.00}"));
        }

        if (report.Effect is { } effect)
        {
            yield return ("change", EffectReport.Summary(effect));
        }

        foreach (string sentence in report.Plan.License.Sentences)
        {
            yield return ("licence", sentence);
        }

        yield return ("about it", string.Join(", ", new[]
        {
            report.Plan.Files.Card, report.Plan.Files.Report, report.Plan.Files.Curve,
        }.Select(path => Path.Combine(Folder(record), Path.GetFileName(path)))));
    }

    // The folder as the user would write it.
    private static string Folder(RunRecord record) => record.Report.Plan.IsFull
        ? Path.ChangeExtension(record.Written, Path.GetExtension(record.Report.Plan.Files.Folder))
        : record.Written;

    private static string Command(RunRecord record)
    {
        TunePlan plan = record.Report.Plan;
        string tuned = plan.IsFull ? record.Written : plan.Model.Path;
        string use = plan.Template is null ? $"chaku run {tuned} \"...\"" : $"chaku chat {tuned}";
        return plan.IsFull ? use : $"{use} --adapter {record.Written}";
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
