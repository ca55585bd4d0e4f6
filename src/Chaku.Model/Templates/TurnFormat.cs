using System.Globalization;

namespace Chaku.Model.Templates;

/// <summary>What a template writes around the words of a conversation: the data of one entry of the table.</summary>
internal sealed record TurnFormat
{
    /// <summary>Before everything.</summary>
    public IReadOnlyList<TemplateSpan> Opening { get; init; } = [];

    /// <summary>Stands where the system's words would, if it says nothing; empty is nothing.</summary>
    public string Introduction { get; init; } = "";

    /// <summary>The same where the first question has an input of its own.</summary>
    public string? IntroductionWithInput { get; init; }

    /// <summary>Before the system's words.</summary>
    public string SystemStart { get; init; } = "";

    /// <summary>After them.</summary>
    public string SystemEnd { get; init; } = "";

    /// <summary>Whether the system's words stand within the first question, after what begins it.</summary>
    public bool IsSystemInQuestion { get; init; }

    /// <summary>Before a question.</summary>
    public required IReadOnlyList<TemplateSpan> Question { get; init; }

    /// <summary>Before a question that follows an answer; null is as any.</summary>
    public IReadOnlyList<TemplateSpan>? NextQuestion { get; init; }

    /// <summary>Between an instruction and its input; null where both are one text.</summary>
    public string? InputHeading { get; init; }

    /// <summary>After a question.</summary>
    public IReadOnlyList<TemplateSpan> QuestionEnd { get; init; } = [];

    /// <summary>After that, up to where the answer begins: the generation prompt.</summary>
    public string Reply { get; init; } = "";

    /// <summary>What the model says before an answer's first word.</summary>
    public string AnswerLead { get; init; } = "";

    /// <summary>What it says to end the answer.</summary>
    public required IReadOnlyList<TemplateSpan> AnswerEnd { get; init; }

    /// <summary>Whose words lose the white space around them.</summary>
    public IReadOnlyList<Role> Trimmed { get; init; } = [];

    /// <summary>Whether words lose their blank lines, which end a turn.</summary>
    public bool CollapsesBlankLines { get; init; }

    /// <inheritdoc cref="ChatTemplate.Marks"/>
    public IReadOnlyList<string> Marks { get; init; } = [];

    /// <inheritdoc cref="ChatTemplate.StopTokens"/>
    public IReadOnlyList<string> StopTokens { get; init; } = [];

    /// <inheritdoc cref="ChatTemplate.StopStrings"/>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <inheritdoc cref="ChatTemplate.Fingerprints"/>
    public IReadOnlyList<string> Fingerprints { get; init; } = [];

    /// <summary>
    /// All of it but <see cref="Fingerprints"/>, as texts: a field's name, the number of its values, and each. What is
    /// as in a format that sets nothing is left out, so that a field more leaves the others' texts as they are.
    /// </summary>
    public IReadOnlyList<string> Definition()
    {
        List<string> texts = ["turns"];
        Spans("opening", Opening);
        Text("introduction", Introduction);
        Optional("introduction with input", IntroductionWithInput);
        Text("system start", SystemStart);
        Text("system end", SystemEnd);
        Text("system in question", IsSystemInQuestion ? "yes" : "");
        Spans("question", Question);
        Add("next question", NextQuestion?.Select(Describe));
        Optional("input heading", InputHeading);
        Spans("question end", QuestionEnd);
        Text("reply", Reply);
        Text("answer lead", AnswerLead);
        Spans("answer end", AnswerEnd);
        Many("trimmed", [.. Trimmed.Select(static role => role.ToString())]);
        Text("collapses blank lines", CollapsesBlankLines ? "yes" : "");
        Many("marks", Marks);
        Many("stop tokens", StopTokens);
        Many("stop strings", StopStrings);
        return texts;

        void Text(string name, string value) => Optional(name, value.Length == 0 ? null : value);

        void Optional(string name, string? value) => Add(name, value is null ? null : [value]);

        void Spans(string name, IReadOnlyList<TemplateSpan> spans) => Many(name, [.. spans.Select(Describe)]);

        void Many(string name, IReadOnlyList<string> values) => Add(name, values.Count == 0 ? null : values);

        void Add(string name, IEnumerable<string>? values)
        {
            if (values is not null)
            {
                string[] all = [.. values];
                texts.AddRange([name, all.Length.ToString(CultureInfo.InvariantCulture), .. all]);
            }
        }
    }

    private static string Describe(TemplateSpan span) =>
        $"{span.Kind}{(span.IsAnswer ? " of the answer" : "")}: {span.Text}";
}
