using System.Globalization;
using Chaku.Evaluation;

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

    internal static string Spell(Proportion score) => string.Create(
        CultureInfo.InvariantCulture,
        $"{score.Count} of {score.Total} right ({100 * score.Interval.Low:0} to {100 * score.Interval.High:0} %)");

    internal static string Line(FormattableString text) =>
        Terminal.Harmless(Terminal.OneLine(text.ToString(CultureInfo.InvariantCulture)));
}
