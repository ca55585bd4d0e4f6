using System.Globalization;
using System.Text.Json;
using Chaku.Training;
using Chaku.Training.Datasets;

namespace Chaku.Cli.Reports;

/// <summary>What came of a tuning run.</summary>
internal static class TuneOutcome
{
    /// <summary>Prints it for people.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="model">The base's path.</param>
    /// <param name="written">The path of the adapter, or with --full of the model.</param>
    /// <param name="report">What the run did.</param>
    public static void Print(TextWriter output, string model, string written, TuneReport report)
    {
        Line($"{(report.Plan.IsFull ? "model  " : "adapter")}         {written}");
        Line($"steps           {report.StepsDone}");
        if (report.KeptStep != report.StepsDone)
        {
            Line($"kept            the numbers behind step {report.KeptStep}: the lowest held-out loss");
        }

        Line($"tokens          {report.TokenCount}");
        Line($"seconds         {report.ElapsedSeconds:0.0}");
        Line($"loss            {report.FirstLoss:0.0000} -> {report.LastLoss:0.0000}");
        if (report is { ValidationBefore: { } before, ValidationAfter: { } after })
        {
            Line($"held-out loss   {before:0.0000} -> {after:0.0000}");
            Line($"perplexity      {Math.Exp(before):0.00} -> {Math.Exp(after):0.00}");
        }

        string tuned = report.Plan.IsFull ? written : model;
        string use = report.Plan.Template is null ? $"chaku run {tuned} \"...\"" : $"chaku chat {tuned}";
        Line($"try             {use}{(report.Plan.IsFull ? "" : $" --adapter {written}")}");

        void Line(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Writes the fields for scripts where the result was there before, and nothing was done.</summary>
    public static void WriteComplete(Utf8JsonWriter json, string written, bool isFull)
    {
        json.WriteString("adapter", isFull ? null : written);
        json.WriteString("model", isFull ? written : null);
        json.WriteBoolean("complete_before", true);
    }

    /// <summary>Writes the fields for scripts.</summary>
    public static void WriteFields(Utf8JsonWriter json, string written, TuneReport report)
    {
        TrainingData data = report.Plan.Data;
        json.WriteString("adapter", report.Plan.IsFull ? null : written);
        json.WriteString("model", report.Plan.IsFull ? written : null);
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
        json.WriteNumber("trained_token_count", data.Training.TrainedTokenCount);
        json.WriteNumber("held_out_token_count", data.Validation.TrainedTokenCount);
        json.WriteFinite("first_loss", report.FirstLoss);
        json.WriteFinite("last_loss", report.LastLoss);
        json.WriteFinite("held_out_loss_before", report.ValidationBefore ?? double.NaN);
        json.WriteFinite("held_out_loss_after", report.ValidationAfter ?? double.NaN);
        json.WriteNumber("token_count", report.TokenCount);
        json.WriteNumber("seconds", Math.Round(report.ElapsedSeconds, 3));
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
}
