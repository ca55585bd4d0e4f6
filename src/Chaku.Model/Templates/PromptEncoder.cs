using System.Runtime.InteropServices;
using Chaku.Model.Tokenizers;

namespace Chaku.Model.Templates;

/// <summary>A conversation in tokens.</summary>
/// <param name="Ids">The tokens.</param>
/// <param name="IsAnswer">
/// For each, whether the model says it: an answer's or its end's, which is what training trains.
/// </param>
internal sealed record EncodedConversation(int[] Ids, bool[] IsAnswer);

/// <summary>Writes conversations in a model's tokens: the one way, for training as for serving.</summary>
/// <remarks>
/// Text is encoded in runs from one side of an answer to the other, as it is when the model speaks: the prompt's tokens
/// are the same whether an answer follows or not.
/// </remarks>
internal sealed class PromptEncoder
{
    private readonly Tokenizer _tokenizer;
    private readonly ChatTemplate _template;
    private readonly AnswerEnds? _ends;

    /// <summary>Checks that the vocabulary has what the template writes.</summary>
    /// <exception cref="ChatTemplateException">It has not; the message names what is missing.</exception>
    public PromptEncoder(Tokenizer tokenizer, ChatTemplate template)
    {
        _tokenizer = tokenizer;
        _template = template;
        Vocabulary vocabulary = tokenizer.Vocabulary;
        IReadOnlyList<SpanKind> kinds = template.SequenceMarks;
        Require(vocabulary.BosId is not null || !kinds.Contains(SpanKind.BeginOfSequence), "BOS token");
        Require(vocabulary.EosId is not null || !kinds.Contains(SpanKind.EndOfSequence), "EOS token");
        foreach (string mark in template.Marks)
        {
            // A user-defined token would do for the markup, but is found in a user's words as well.
            Require(
                vocabulary.Find(mark) is { } id && vocabulary.TypeOf(id) == TokenType.Control, $"control token {mark}");
        }

        StopIds = new HashSet<int>(vocabulary.EndOfGeneration.Concat(
            template.StopTokens.Select(vocabulary.Find).OfType<int>()));
        if (template.FindsEnds)
        {
            _ends = new(vocabulary);
            StopIds = new HashSet<int>(StopIds.Concat(FindStopIds(template, _ends)));
        }
    }

    /// <summary>The tokens that end an answer.</summary>
    public IReadOnlySet<int> StopIds { get; }

    /// <summary>Text that ends an answer and is no part of it.</summary>
    public IReadOnlyList<string> StopStrings => _template.StopStrings;

    /// <summary>Writes a conversation; begins with BOS, once, where the template or the vocabulary has it so.</summary>
    /// <param name="conversation">The messages.</param>
    /// <param name="addGenerationPrompt">Whether the text goes on to where the assistant's next answer begins.</param>
    /// <exception cref="ConversationException">An answer is asked for where it is not the assistant's turn.</exception>
    /// <exception cref="ChatTemplateException">The template refuses the conversation.</exception>
    public EncodedConversation Encode(Conversation conversation, bool addGenerationPrompt)
    {
        IReadOnlyList<TemplateSpan> spans = _template.Render(conversation, addGenerationPrompt);
        spans = _ends?.Mark(spans) ?? spans;
        Vocabulary vocabulary = _tokenizer.Vocabulary;
        List<int> ids = [];
        List<bool> isAnswer = [];
        List<TextSpan> run = [];
        if (vocabulary is { AddBos: true, BosId: { } bos } && !BeginsWithBos(spans))
        {
            ids.Add(bos);
        }

        for (int index = 0; index < spans.Count; index++)
        {
            TemplateSpan span = spans[index];
            run.Add(new(span.Text, span.Kind == SpanKind.Markup));
            int? mark = MarkOf(span.Kind);
            if (mark is not null || index + 1 == spans.Count || spans[index + 1].IsAnswer != span.IsAnswer)
            {
                _tokenizer.Append(CollectionsMarshal.AsSpan(run), ids);
                run.Clear();
            }

            if (mark is { } id)
            {
                ids.Add(id);
            }

            isAnswer.AddRange(Enumerable.Repeat(span.IsAnswer, ids.Count - isAnswer.Count));
        }

        return new([.. ids], [.. isAnswer]);
    }

    private static IEnumerable<int> FindStopIds(ChatTemplate template, AnswerEnds ends)
    {
        try
        {
            return ends.Ids(template.Render(
                new([new(Role.User, "a"), new(Role.Assistant, "b"), new(Role.User, "c")]), addGenerationPrompt: true));
        }
        catch (ChatTemplateException)
        {
            // A template that refuses this sample may still take the conversations it is made for.
            return [];
        }
    }

    // By the variable, or spelled out in the template.
    private bool BeginsWithBos(IReadOnlyList<TemplateSpan> spans) => spans is [var first, ..]
        && (first.Kind == SpanKind.BeginOfSequence
            || (first.Kind == SpanKind.Markup && _tokenizer.Vocabulary is { BosId: { } bos } vocabulary
                && first.Text.StartsWith(vocabulary.Spell(bos)!, StringComparison.Ordinal)));

    private int? MarkOf(SpanKind kind) => kind switch
    {
        SpanKind.BeginOfSequence => _tokenizer.Vocabulary.BosId,
        SpanKind.EndOfSequence => _tokenizer.Vocabulary.EosId,
        _ => null,
    };

    private void Require(bool fits, string what)
    {
        if (!fits)
        {
            throw new ChatTemplateException(
                $"the chat template {_template.Name} does not fit the model: its vocabulary has no {what}");
        }
    }
}
