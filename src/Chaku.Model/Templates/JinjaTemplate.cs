using Chaku.Model.Templates.Jinja;
using Chaku.Model.Tokenizers;

namespace Chaku.Model.Templates;

/// <summary>A model's own template, in the language that models bring theirs in.</summary>
/// <remarks>
/// Every rendered character knows its message, so nobody's words become marks, and the answers are where their
/// characters are, trimmed or rewritten as the template does. The model has to say besides them what stands between
/// the prompt's end and the answer, where the prompt alone renders as the beginning of the whole; what stands inside
/// it; and the mark behind (<see cref="FindsEnds"/>). Where the template has <c>generation</c> blocks, it says
/// just what they say. A template that writes the prompt in another way once an answer follows (it trims, or drops
/// earlier thoughts) is trained on the whole's rendering. <c>strftime_now</c> is the day of the rendering, as with
/// Hugging Face: such a prompt changes from day to day.
/// </remarks>
internal sealed class JinjaTemplate : ChatTemplate
{
    /// <summary>What the names of models' own templates begin with.</summary>
    public const string NamePrefix = "own-";

    private const int NameDigits = 12;

    private readonly JinjaProgram _program;
    private readonly string? _bos;
    private readonly string? _eos;
    private readonly TimeProvider _clock;

    // Hugging Face gives every template the variable tools, None where there are none. A template that is made for
    // tools alone goes through them without asking; to such a one the variable is undefined.
    private readonly bool _hasTools;

    /// <summary>Reads a template.</summary>
    /// <param name="source">Its text (<c>tokenizer.chat_template</c>).</param>
    /// <param name="vocabulary">The model's; it spells <c>bos_token</c> and <c>eos_token</c>.</param>
    /// <param name="clock">What time it is; the system's by default.</param>
    /// <exception cref="ChatTemplateException">It breaks the language's rules; the message has the line.</exception>
    public JinjaTemplate(string source, Vocabulary vocabulary, TimeProvider? clock = null)
        : this(source, vocabulary.Spell(vocabulary.BosId), vocabulary.Spell(vocabulary.EosId), clock)
    {
    }

    /// <summary>Reads a template.</summary>
    /// <param name="source">Its text.</param>
    /// <param name="bos">What <c>bos_token</c> reads; undefined where the model has none.</param>
    /// <param name="eos">What <c>eos_token</c> reads; undefined where the model has none.</param>
    /// <param name="clock">What time it is; the system's by default.</param>
    public JinjaTemplate(string source, string? bos, string? eos, TimeProvider? clock = null)
    {
        Name = NameOf(source);
        Definition = ["jinja", source];
        _program = JinjaProgram.Read(source);
        _bos = bos;
        _eos = eos;
        _clock = clock ?? TimeProvider.System;
        _hasTools = Takes(hasTools: true) || !Takes(hasTools: false);
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Definition { get; }

    /// <inheritdoc/>
    public override bool FindsEnds => !_program.HasGeneration;

    /// <inheritdoc/>
    public override IReadOnlyList<SpanKind> SequenceMarks => [];

    /// <summary>The name of a template: it changes with its text.</summary>
    public static string NameOf(string source) => NamePrefix + ChatTemplates.Fingerprint(source)[..NameDigits];

    /// <inheritdoc/>
    protected override void Write(Conversation conversation, bool addGenerationPrompt, List<TemplateSpan> spans)
    {
        IReadOnlyList<Message> messages = conversation.Messages;
        MarkedText text = RenderText(messages, addGenerationPrompt);
        RequireWords(messages, text);
        List<(int Start, int End)> leads = FindsEnds ? FindLeads(messages, text) : [];
        int start = 0;
        foreach (MarkedText.Run run in text.Runs)
        {
            // A stretch of markup may end a header and begin an answer.
            foreach ((int leadStart, int leadEnd) in leads)
            {
                foreach (int cut in (ReadOnlySpan<int>)[leadStart, leadEnd])
                {
                    if (cut > start && cut < run.End)
                    {
                        AddSpans(messages, text, start, cut, run.Origin, leads, spans);
                        start = cut;
                    }
                }
            }

            AddSpans(messages, text, start, run.End, run.Origin, leads, spans);
            start = run.End;
        }
    }

    private static JinjaDict MessageOf(JinjaRun run, Message message, int number)
    {
        string role = message.Role switch
        {
            Role.System => "system",
            Role.User => "user",
            _ => "assistant",
        };
        return new(
            run,
            [
                new(MarkedText.Of("role"), MarkedText.Of(role)),
                new(MarkedText.Of("content"), MarkedText.Of(message.Text, new Origin(number))),
            ]);
    }

    private static void RequireWords(IReadOnlyList<Message> messages, MarkedText text)
    {
        HashSet<int> said = [.. text.Runs.Select(static run => run.Origin.Source)];
        for (int index = 0; index < messages.Count; index++)
        {
            if (!said.Contains(index + 1) && !string.IsNullOrWhiteSpace(messages[index].Text))
            {
                throw new ChatTemplateException(
                    $"the model's chat template leaves out message {index + 1}, from the {messages[index].Role}");
            }
        }
    }

    private MarkedText RenderText(IReadOnlyList<Message> messages, bool addGenerationPrompt) =>
        _program.Render(run => Variables(run, messages, addGenerationPrompt, _hasTools), _clock);

    private bool Takes(bool hasTools)
    {
        try
        {
            Message sample = new(Role.User, "a");
            _ = _program.Render(run => Variables(run, [sample], addGenerationPrompt: true, hasTools), _clock);
            return true;
        }
        catch (ChatTemplateException)
        {
            return false;
        }
    }

    private IEnumerable<(string Name, object? Value)> Variables(
        JinjaRun run, IReadOnlyList<Message> messages, bool addGenerationPrompt, bool hasTools)
    {
        yield return ("messages", new JinjaList(
            run, [.. messages.Select((message, index) => MessageOf(run, message, index + 1))]));
        yield return ("add_generation_prompt", addGenerationPrompt);
        yield return ("documents", null);
        if (hasTools)
        {
            yield return ("tools", null);
        }

        if (_bos is not null)
        {
            yield return ("bos_token", MarkedText.Of(_bos, new Origin(Origin.BosSource)));
        }

        if (_eos is not null)
        {
            yield return ("eos_token", MarkedText.Of(_eos, new Origin(Origin.EosSource)));
        }
    }

    // Markup that the model says, too: from where the prompt of an answer ends to its words, and between its words.
    private List<(int Start, int End)> FindLeads(IReadOnlyList<Message> messages, MarkedText text)
    {
        List<(int Start, int End)> leads = [];
        int start = 0;
        int contentEnd = 0;
        int seen = 0;
        int last = 0;
        foreach (MarkedText.Run run in text.Runs)
        {
            int source = run.Origin.Source;
            if (source > seen && messages[source - 1].Role == Role.Assistant
                && PromptLength(messages, source - 1, text) is { } length && length >= contentEnd && length < start)
            {
                leads.Add((length, start));
            }

            bool goesOn = source > 0 && source == last && messages[source - 1].Role == Role.Assistant;
            if (goesOn && contentEnd < start)
            {
                leads.Add((contentEnd, start));
            }

            last = source > 0 ? source : last;
            seen = Math.Max(seen, source);
            contentEnd = run.Origin.IsContent ? run.End : contentEnd;
            start = run.End;
        }

        return leads;
    }

    // The length of the prompt before an answer, where the whole begins with it.
    private int? PromptLength(IReadOnlyList<Message> messages, int answer, MarkedText text)
    {
        try
        {
            string prompt = RenderText([.. messages.Take(answer)], addGenerationPrompt: true).Text;
            return text.Text.StartsWith(prompt, StringComparison.Ordinal) ? prompt.Length : null;
        }
        catch (ChatTemplateException)
        {
            // A template that refuses the prompt alone has none to compare with.
            return null;
        }
    }

    private void AddSpans(
        IReadOnlyList<Message> messages,
        MarkedText text,
        int start,
        int end,
        Origin origin,
        List<(int Start, int End)> leads,
        List<TemplateSpan> spans)
    {
        string words = text.Text[start..end];
        bool isAnswer = FindsEnds
            ? (origin.IsContent && messages[origin.Source - 1].Role == Role.Assistant)
                || leads.Any(lead => lead.Start <= start && end <= lead.End)
            : origin.IsGenerated;
        (string? spelling, SpanKind mark) = origin.Source == Origin.BosSource
            ? (_bos, SpanKind.BeginOfSequence)
            : (_eos, SpanKind.EndOfSequence);
        if (origin.IsContent || origin.Source == Origin.TemplateSource)
        {
            spans.Add(new(origin.IsContent ? SpanKind.Content : SpanKind.Markup, words, isAnswer));
        }
        else if (words.Replace(spelling!, "", StringComparison.Ordinal).Length > 0)
        {
            // The template has cut the mark, or changed it.
            spans.Add(new(SpanKind.Markup, words, isAnswer));
        }
        else
        {
            spans.AddRange(Enumerable.Repeat(new TemplateSpan(mark, "", isAnswer), words.Length / spelling!.Length));
        }
    }
}
