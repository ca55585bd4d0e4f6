using System.Text.Json;
using Chaku.Cli.Reports;
using Chaku.Evaluation;
using Chaku.Training.Runs;

namespace Chaku.Cli.Own;

/// <summary>What the one command has changed, and what it cost.</summary>
/// <param name="Model">The base, as it was named.</param>
/// <param name="Written">The adapter, or the model.</param>
/// <param name="IsFull">Whether it is a model.</param>
/// <param name="Sets">The questions.</param>
/// <param name="Before">The answers to each set before.</param>
/// <param name="After">The answers to each set after.</param>
/// <param name="Record">The run; null where its result was there already.</param>
internal sealed record OwnOutcome(
    string Model,
    string Written,
    bool IsFull,
    IReadOnlyList<QuestionSet> Sets,
    IReadOnlyList<IReadOnlyList<AnsweredCase>> Before,
    IReadOnlyList<IReadOnlyList<AnsweredCase>> After,
    RunRecord? Record)
{
    /// <summary>Says it, and what to do next.</summary>
    public void Print(TextWriter output)
    {
        if (Record is not null)
        {
            TuneOutcome.Print(output, Record, withNext: false);
        }

        for (int set = 0; set < Sets.Count; set++)
        {
            string was = OwnReport.Spell(ExactMatch.Score(Before[set]));
            string now = OwnReport.Spell(ExactMatch.Score(After[set]));
            output.WriteLine(OwnReport.Line($"{Sets[set].Title,-14}  {was} -> {now}"));
        }

        string command = IsFull ? $"chaku chat {Written}" : $"chaku chat {Model} --adapter {Written}";
        output.WriteLine(OwnReport.Line($"{"try",-14}  {command}"));
    }

    /// <summary>Writes the fields for scripts.</summary>
    public void WriteFields(Utf8JsonWriter json)
    {
        json.WriteStartArray("measured");
        for (int set = 0; set < Sets.Count; set++)
        {
            json.WriteStartObject();
            json.WriteString("questions", Sets[set].Title);
            WriteScore(json, "before", ExactMatch.Score(Before[set]));
            WriteScore(json, "after", ExactMatch.Score(After[set]));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (Record is null)
        {
            TuneOutcome.WriteComplete(json, Written, IsFull);
        }
        else
        {
            TuneOutcome.WriteFields(json, Record);
        }
    }

    private static void WriteScore(Utf8JsonWriter json, string name, Proportion score)
    {
        json.WriteStartObject(name);
        json.WriteNumber("right", score.Count);
        json.WriteNumber("asked", score.Total);
        json.WriteNumber("low", Math.Round(score.Interval.Low, 4));
        json.WriteNumber("high", Math.Round(score.Interval.High, 4));
        json.WriteEndObject();
    }
}
