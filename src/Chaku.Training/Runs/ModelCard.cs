using System.Globalization;
using System.Text;

namespace Chaku.Training.Runs;

/// <summary>
/// The README beside an adapter or a model: what it is, how it is used, what it was made of and what it cost, with the
/// front matter that Hugging Face reads.
/// </summary>
internal static class ModelCard
{
    // What a card tells of a run in a sentence, or only run.json needs.
    private static readonly string[] Left = ["host", "held_out", "dropped", "changed", "file"];

    /// <summary>Writes the card of a run.</summary>
    public static string Of(RunRecord record)
    {
        StringBuilder card = new();
        AddFrontMatter(card, record);
        bool isFull = record.Report.Plan.IsFull;
        string kind = isFull ? "model, trained whole from" : "LoRA adapter for";
        Line(card, $"# {Escape(record.Name)}");
        Line(card, $"");
        Line(card, $"A {kind} {Escape(record.BaseName)}, trained on {Escape(record.DataName)} with Chaku.");
        AddUse(card, record);
        foreach (RunSection section in record.Sections)
        {
            AddSection(card, section);
            if (section.Name == "data")
            {
                AddDropped(card, record);
            }
        }

        Line(card, $"");
        Line(card, $"![The loss over the steps](loss.svg)");
        Line(card, $"");
        Line(card, $"`run.json` has all of this for programs, and `log.jsonl` every step.");
        return card.ToString();
    }

    private static void AddFrontMatter(StringBuilder card, RunRecord record)
    {
        bool isFull = record.Report.Plan.IsFull;
        Line(card, $"---");
        Line(card, $"base_model: {Quote(record.BaseName)}");
        Line(card, $"datasets:");
        Line(card, $"- {Quote(record.DataName)}");
        Line(card, $"library_name: {(isFull ? "gguf" : "peft")}");
        Line(card, $"pipeline_tag: text-generation");
        Line(card, $"tags:");
        Line(card, $"- chaku");
        Line(card, $"{(isFull ? "- gguf" : record.Options.IsWeightDecomposed ? "- lora\n- dora" : "- lora")}");
        Line(card, $"---");
        Line(card, $"");
    }

    private static void AddUse(StringBuilder card, RunRecord record)
    {
        bool isFull = record.Report.Plan.IsFull;
        string model = isFull ? Path.GetFileName(record.Written) : "BASE";
        string adapter = isFull ? "" : $" --adapter {record.Name}";
        string command = record.Report.Plan.Template is null ? $"run {model} \"...\"" : $"chat {model}";
        Line(card, $"");
        Line(card, $"## Use");
        Line(card, $"");
        if (!isFull)
        {
            Line(card, $"BASE is the path of {Escape(record.BaseName)}.");
            Line(card, $"");
        }

        Line(card, $"```sh");
        Line(card, $"chaku {command}{adapter}");
        Line(card, $"```");
        if (!isFull)
        {
            Line(card, $"");
            Line(card, $"With PEFT, on the base as a Hugging Face model:");
            Line(card, $"");
            Line(card, $"```python");
            Line(card, $"from peft import PeftModel");
            Line(card, $"model = PeftModel.from_pretrained(base, \"{record.Name}\")");
            Line(card, $"```");
        }

        if (record.Report.Plan.Template is { } template)
        {
            Line(card, $"");
            Line(card, $"It was trained with the chat template {Escape(template)} and understands no other.");
        }
    }

    private static void AddSection(StringBuilder card, RunSection section)
    {
        RunFact[] told = [.. section.Facts.Where(fact => fact.Text is not null && !Left.Contains(fact.Name))];
        if (section.Title is null || told.Length == 0)
        {
            return;
        }

        Line(card, $"");
        Line(card, $"## {section.Title}");
        Line(card, $"");
        Line(card, $"| | |");
        Line(card, $"|---|---|");
        foreach (RunFact fact in told)
        {
            Line(card, $"| {fact.Name.Replace('_', ' ')} | {Escape(fact.Text!)} |");
        }
    }

    private static void AddDropped(StringBuilder card, RunRecord record)
    {
        int dropped = record.Report.Plan.Data.Dropped.Count;
        Line(card, $"");
        Line(card, $"{(dropped == 0 ? "Nothing was left out." : "Not learnt from:")}");
        if (dropped > 0)
        {
            Line(card, $"");
        }

        foreach (Datasets.RecordGroup group in record.Dropped)
        {
            Line(card, $"- {group.Places.Count}: {Escape(group.Kind)} ({Escape(group.Places[0])} first)");
        }
    }

    private static void Line(StringBuilder card, FormattableString line) =>
        card.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');

    // Names come from files: none of them writes markup or a line of its own.
    private static string Escape(string text) => string.Concat(text.Select(letter => letter switch
    {
        '\\' or '`' or '*' or '_' or '[' or ']' or '<' or '>' or '|' or '#' => $"\\{letter}",
        _ when char.IsControl(letter) => " ",
        _ => letter.ToString(),
    }));

    private static string Quote(string text) =>
        "\"" + string.Concat(text.Where(letter => !char.IsControl(letter)))
            .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";
}
