using System.Globalization;
using System.Text.Json;
using Chaku.Training;

namespace Chaku.Cli.Reports;

/// <summary>What a tuning run did, for people and for scripts.</summary>
internal static class TuneText
{
    /// <summary>Writes lines for people, and what to do next.</summary>
    public static void Write(TextWriter output, TuneReport report, string model, string adapter)
    {
        if (report.StepsDone < report.Plan.StepCount)
        {
            output.WriteLine(Text($"stopped after {report.StepsDone} of {report.Plan.StepCount} steps"));
        }

        output.WriteLine(Text($"loss      {report.FirstLoss:0.0000} at the first step, {report.LastLoss:0.0000} at the last"));
        if (report is { ValidationBefore: { } before, ValidationAfter: { } after })
        {
            output.WriteLine(Text(
                $"held out  perplexity {Math.Exp(before):0.00} before, {Math.Exp(after):0.00} after"));
        }

        output.WriteLine(Text(
            $"took      {report.ElapsedSeconds:0.0} s, {report.TokenCount} tokens"));
        output.WriteLine($"adapter   {adapter}");
        string command = report.Plan.Template is null ? "run" : "chat";
        string prompt = report.Plan.Template is null ? " \"...\"" : "";
        output.WriteLine($"try       chaku {command} {model}{prompt} --adapter {adapter}");
    }

    /// <summary>Writes the fields for scripts.</summary>
    public static void WriteFields(Utf8JsonWriter json, TuneReport report, string adapter)
    {
        TunePlan plan = report.Plan;
        json.WriteString("adapter", adapter);
        json.WriteNumber("steps_planned", plan.StepCount);
        json.WriteNumber("steps_done", report.StepsDone);
        json.WriteFinite("epochs", plan.EpochCount);
        json.WriteNumber("record_count", plan.Data.RecordCount);
        json.WriteNumber("sequence_count", plan.Data.Training.Sequences.Count);
        json.WriteNumber("trained_token_count", plan.Data.Training.TrainedTokenCount);
        json.WriteNumber("held_out_token_count", plan.Data.Validation.TrainedTokenCount);
        json.WriteNumber("dropped_count", plan.Data.Dropped.Count);
        json.WriteNumber("matrix_count", plan.MatrixCount);
        json.WriteNumber("parameter_count", plan.ParameterCount);
        json.WriteString("template", plan.Template);
        json.WriteFinite("first_loss", report.FirstLoss);
        json.WriteFinite("last_loss", report.LastLoss);
        json.WriteFinite("validation_loss_before", report.ValidationBefore ?? double.NaN);
        json.WriteFinite("validation_loss_after", report.ValidationAfter ?? double.NaN);
        json.WriteNumber("token_count", report.TokenCount);
        json.WriteFinite("elapsed_seconds", report.ElapsedSeconds);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
