using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Chaku.Model.Tokenizers;
using Chaku.Training.Datasets;
using Spectre.Console;

namespace Chaku.Cli.Reports;

/// <summary>What a model would learn of a data set, in its tokens; and some records as it sees them.</summary>
/// <param name="tokenizer">The model's.</param>
/// <param name="template">The chat template's name; null for plain text.</param>
/// <param name="contextLength">Tokens of a sequence at most.</param>
/// <param name="data">The data set in tokens.</param>
/// <param name="shownCount">How many records to show.</param>
/// <param name="hasIds">Whether they are shown token by token.</param>
internal sealed class LearnableReport(
    Tokenizer tokenizer, string? template, int contextLength, TrainingData data, int shownCount, bool hasIds)
{
    /// <summary>What stands around learnt text where there are no colours.</summary>
    public const string LearntStart = "⟦";

    /// <summary>The other end.</summary>
    public const string LearntEnd = "⟧";

    private static readonly Style LearntStyle = new(Color.Green);
    private static readonly Style HeadingStyle = new(Color.Blue);

    private IReadOnlyList<RecordGroup> Dropped =>
        DatasetSurvey.Groups(data.Dropped.Select(dropped => (dropped.Kind, dropped.Place)));

    private LengthSummary Tokens =>
        LengthSummary.Of(data.Training.Sequences.Select(sequence => (long)sequence.Tokens.Length));

    /// <summary>Prints it for people.</summary>
    public void Print(Terminal terminal)
    {
        IAnsiConsole console = terminal.OutputConsole();
        bool hasColours = console.Profile.Capabilities.ColorSystem != ColorSystem.NoColors;
        Line("template", template ?? "none: plain text");
        Line("context", Format($"{contextLength} tokens at most; nothing is cut but plain text"));
        Line("learnt", Format(
            $"{data.Training.TrainedTokenCount} of {data.Training.TokenCount} tokens in " +
            $"{data.Training.Sequences.Count} sequences"));
        Line("tokens", DataReport.Spell(Tokens));
        DataReport.PrintGroups(terminal.Output, "dropped", Dropped);
        TrainingSequence[] shown = [.. data.Training.Sequences.Take(shownCount)];
        if (shown.Length > 0)
        {
            string learnt = hasIds ? "marked" : hasColours ? "green" : $"between {LearntStart} and {LearntEnd}";
            Line("shown", Format($"{shown.Length} of {data.Training.Sequences.Count}; what is learnt is {learnt}"));
        }

        // Text that no colour needs goes out as it is: a console would break its lines.
        Action<string, Style> write = hasColours
            ? (text, style) => console.Write(new Text(text, style))
            : (text, _) => terminal.Output.Write(text);
        foreach (TrainingSequence sequence in shown)
        {
            string place = Terminal.Harmless(Terminal.OneLine(sequence.Place));
            write(Format($"\n{place}: {sequence.TrainedCount} of {sequence.Tokens.Length} tokens\n"), HeadingStyle);
            if (hasIds)
            {
                PrintTokens(write, sequence);
            }
            else
            {
                PrintText(write, sequence, hasColours);
            }
        }

        void Line(string title, string text) =>
            terminal.Output.WriteLine(Terminal.Harmless(Terminal.OneLine($"{title,-16}  {text}")));
    }

    /// <summary>Writes the fields for scripts.</summary>
    public void WriteFields(Utf8JsonWriter json)
    {
        json.WriteString("template", template);
        json.WriteNumber("context_length", contextLength);
        json.WriteNumber("sequence_count", data.Training.Sequences.Count);
        json.WriteNumber("token_count", data.Training.TokenCount);
        json.WriteNumber("trained_token_count", data.Training.TrainedTokenCount);
        DataReport.WriteLengths(json, "tokens", Tokens);
        DataReport.WriteGroups(json, "dropped", Dropped);
        json.WriteStartArray("shown");
        foreach (TrainingSequence sequence in data.Training.Sequences.Take(shownCount))
        {
            json.WriteStartObject();
            json.WriteString("place", sequence.Place);
            json.WriteStartArray("tokens");
            for (int index = 0; index < sequence.Tokens.Length; index++)
            {
                json.WriteStartObject();
                json.WriteNumber("id", sequence.Tokens[index]);
                json.WriteString("text", Encoding.UTF8.GetString(tokenizer.BytesOf(sequence.Tokens[index])));
                json.WriteBoolean("learnt", sequence.Trained[index]);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static string Format(DefaultInterpolatedStringHandler text) => text.ToStringAndClear();

    // The text that the tokens spell, in stretches that are learnt or not.
    private void PrintText(Action<string, Style> write, TrainingSequence sequence, bool hasColours)
    {
        List<byte> bytes = [];
        for (int index = 0; index < sequence.Tokens.Length; index++)
        {
            bytes.AddRange(tokenizer.BytesOf(sequence.Tokens[index]));
            bool isLearnt = sequence.Trained[index];
            if (index + 1 < sequence.Tokens.Length && sequence.Trained[index + 1] == isLearnt)
            {
                continue;
            }

            string text = Terminal.Harmless(Encoding.UTF8.GetString([.. bytes]));
            bytes.Clear();
            write(
                isLearnt && !hasColours ? $"{LearntStart}{text}{LearntEnd}" : text,
                isLearnt ? LearntStyle : Style.Plain);
        }

        write("\n", Style.Plain);
    }

    private void PrintTokens(Action<string, Style> write, TrainingSequence sequence)
    {
        foreach ((int id, bool isLearnt) in sequence.Tokens.Zip(sequence.Trained))
        {
            string spelled = TokenText.Quote(tokenizer.BytesOf(id));
            write(
                Format($"{id,8}  {(isLearnt ? "learnt" : ""),-6}  {spelled}\n"),
                isLearnt ? LearntStyle : Style.Plain);
        }
    }
}
