using System.Globalization;
using System.Text.Json;
using Chaku.Cli.Reports;
using Chaku.Evaluation;
using Chaku.Training.Runs;

namespace Chaku.Cli.Own;

/// <summary>What the one command says on its way, and at its end.</summary>
internal static class OwnReport
{
    private const int SampleCount = 2;
    private const string Indent = "        ";

    /// <summary>Says what is about to be done.</summary>
    public static void Begin(TextWriter output, string model, string data) =>
        output.WriteLine(Line($"making {model} yours, with {data}"));

    /// <summary>Says what a model answered.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="when">Before or after.</param>
    /// <param name="sets">The questions.</param>
    /// <param name="answered">The answers to each set.</param>
    public static void Print(
        TextWriter output,
        string when,
        IReadOnlyList<QuestionSet> sets,
        IReadOnlyList<IReadOnlyList<AnsweredCase>> answered)
    {
        for (int set = 0; set < sets.Count; set++)
        {
            output.WriteLine(Line($"{when,-6}  {sets[set].Title}: {Spell(ExactMatch.Score(answered[set]))}"));
        }

        foreach (AnsweredCase sample in answered[0].Take(SampleCount))
        {
            output.WriteLine(Indent + Line($"asked:    {sample.Case.Prompt.Messages[^1].Text}"));
            output.WriteLine(Indent + Line($"answered: {sample.Answer}{(sample.IsRight ? "" : "   (wrong)")}"));
        }
    }

    /// <summary>Says what has changed, what it cost, and what to do next.</summary>
    public static void End(
        TextWriter output,
        string model,
        string written,
        IReadOnlyList<QuestionSet> sets,
        IReadOnlyList<IReadOnlyList<AnsweredCase>> before,
        IReadOnlyList<IReadOnlyList<AnsweredCase>> after,
        RunRecord? record)
    {
        if (record is not null)
        {
            TuneOutcome.Print(output, record, withNext: false);
        }

        for (int set = 0; set < sets.Count; set++)
        {
            string was = Spell(ExactMatch.Score(before[set]));
            output.WriteLine(Line($"{sets[set].Title,-14}  {was} -> {Spell(ExactMatch.Score(after[set]))}"));
        }

        output.WriteLine(Line($"{"try",-14}  chaku chat {model} --adapter {written}"));
    }

    /// <summary>Writes the fields for scripts.</summary>
    public static void WriteFields(
        Utf8JsonWriter json,
        string written,
        IReadOnlyList<QuestionSet> sets,
        IReadOnlyList<IReadOnlyList<AnsweredCase>> before,
        IReadOnlyList<IReadOnlyList<AnsweredCase>> after,
        RunRecord? record)
    {
        json.WriteStartArray("measured");
        for (int set = 0; set < sets.Count; set++)
        {
            json.WriteStartObject();
            json.WriteString("questions", sets[set].Title);
            WriteScore(json, "before", ExactMatch.Score(before[set]));
            WriteScore(json, "after", ExactMatch.Score(after[set]));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (record is null)
        {
            TuneOutcome.WriteComplete(json, written, isFull: false);
        }
        else
        {
            TuneOutcome.WriteFields(json, record);
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

    private static string Spell(Proportion score) => string.Create(
        CultureInfo.InvariantCulture,
        $"{score.Count} of {score.Total} right ({100 * score.Interval.Low:0} to {100 * score.Interval.High:0} %)");

    private static string Line(FormattableString text) =>
        Terminal.Harmless(Terminal.OneLine(text.ToString(CultureInfo.InvariantCulture)));
}
