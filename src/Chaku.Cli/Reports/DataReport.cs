using System.Globalization;
using System.Text.Json;
using Chaku.Model.Licenses;
using Chaku.Training.Datasets;

namespace Chaku.Cli.Reports;

/// <summary>What is in a data set.</summary>
internal sealed class DataReport
{
    private const int MostNamed = 5;

    private readonly Dataset _dataset;
    private readonly DatasetSurvey _survey;
    private readonly StatedLicense? _license;
    private readonly string _sha256;
    private readonly LearnableReport? _learnable;

    /// <summary>Looks at a data set.</summary>
    /// <param name="dataset">The data set.</param>
    /// <param name="license">The terms, as the user states them; may be null.</param>
    /// <param name="learnable">What a model would learn of it; null without a model.</param>
    public DataReport(Dataset dataset, string? license, LearnableReport? learnable)
    {
        _dataset = dataset;
        _survey = DatasetSurvey.Of(dataset);
        _license = DatasetLicense.Find(dataset, license);
        _sha256 = DatasetHash.Compute(dataset.Path);
        _learnable = learnable;
    }

    /// <summary>Prints it for people.</summary>
    public void Print(Terminal terminal)
    {
        TextWriter output = terminal.Output;
        Line($"data              {_dataset.Path}");
        Line($"format            {_dataset.Format.Name} in {_dataset.Container.Name}");
        Line($"sha-256           {_sha256}");
        Line($"license           {(_license is null
            ? "not stated: state it with --license"
            : $"{_license.Name} ({_license.Source})")}");
        Line($"records           {_survey.RecordCount}: {_survey.ConversationCount} conversations with " +
            $"{_survey.AnswerCount} answers, {_survey.TextCount} texts, {_survey.Unusable.Sum(Count)} unusable");
        Line($"characters        {Spell(_survey.Characters)}");
        if (_survey.AnswerCount > 0)
        {
            Line($"  of answers      {Spell(_survey.AnswerCharacters)}");
        }

        Line($"duplicates        {Spell(_survey.Duplicates)}");
        PrintGroups(output, "unusable", _survey.Unusable);
        PrintGroups(output, "changed", _survey.Changed);
        PrintGroups(output, "note", _survey.Noted);
        _learnable?.Print(terminal);

        void Line(string text) => output.WriteLine(Terminal.Harmless(text));
    }

    /// <summary>Writes the fields for scripts.</summary>
    public void WriteFields(Utf8JsonWriter json)
    {
        json.WriteString("file", _dataset.Path);
        json.WriteString("container", _dataset.Container.Name);
        json.WriteString("format", _dataset.Format.Name);
        json.WriteString("sha256", _sha256);
        json.WriteString("license", _license?.Name);
        json.WriteString("license_source", _license?.Source);
        json.WriteNumber("record_count", _survey.RecordCount);
        json.WriteNumber("conversation_count", _survey.ConversationCount);
        json.WriteNumber("text_count", _survey.TextCount);
        json.WriteNumber("answer_count", _survey.AnswerCount);
        WriteLengths(json, "characters", _survey.Characters);
        WriteLengths(json, "answer_characters", _survey.AnswerCharacters);
        WriteTexts(json, "duplicates", _survey.Duplicates);
        WriteGroups(json, "unusable", _survey.Unusable);
        WriteGroups(json, "changed", _survey.Changed);
        WriteGroups(json, "noted", _survey.Noted);
        _learnable?.WriteFields(json);
    }

    /// <summary>Prints groups of records, a line for each.</summary>
    public static void PrintGroups(TextWriter output, string title, IEnumerable<RecordGroup> groups)
    {
        foreach (RecordGroup group in groups)
        {
            output.WriteLine(Terminal.Harmless(Terminal.OneLine(
                $"{title,-16}  {Spell(group.Places)}: {group.Kind}")));
        }
    }

    /// <summary>Writes groups of records.</summary>
    public static void WriteGroups(Utf8JsonWriter json, string name, IEnumerable<RecordGroup> groups)
    {
        json.WriteStartArray(name);
        foreach (RecordGroup group in groups)
        {
            json.WriteStartObject();
            json.WriteString("kind", group.Kind);
            WriteTexts(json, "places", group.Places);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>Lengths in a line.</summary>
    public static string Spell(LengthSummary lengths) => string.Create(
        CultureInfo.InvariantCulture,
        $"{lengths.Sum} in all; {lengths.Least} to {lengths.Most}, half of them up to {lengths.Median}, " +
        $"95 of 100 up to {lengths.Most95}");

    /// <summary>Writes lengths.</summary>
    public static void WriteLengths(Utf8JsonWriter json, string name, LengthSummary lengths)
    {
        json.WriteStartObject(name);
        json.WriteNumber("sum", lengths.Sum);
        json.WriteNumber("least", lengths.Least);
        json.WriteNumber("median", lengths.Median);
        json.WriteNumber("percentile_95", lengths.Most95);
        json.WriteNumber("most", lengths.Most);
        json.WriteEndObject();
    }

    private static int Count(RecordGroup group) => group.Places.Count;

    private static string Spell(IReadOnlyList<string> places) => places.Count == 0
        ? "none"
        : string.Create(CultureInfo.InvariantCulture, $"{places.Count} (") +
            string.Join("; ", places.Take(MostNamed)) + (places.Count > MostNamed ? "; …)" : ")");

    private static void WriteTexts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }
}
