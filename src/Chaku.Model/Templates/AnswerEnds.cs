using System.Text;
using Chaku.Model.Tokenizers;

namespace Chaku.Model.Templates;

/// <summary>
/// Finds what ends answers, for templates that do not say: the markup behind an answer up to its first control token,
/// that token included.
/// </summary>
/// <param name="vocabulary">The vocabulary, which knows the control tokens.</param>
internal sealed class AnswerEnds(Vocabulary vocabulary)
{
    private readonly SpecialTokenTrie _controls = new(
        vocabulary,
        Enumerable.Range(0, vocabulary.Count)
            .Where(id => vocabulary.TypeOf(id) == TokenType.Control)
            .Select(id => (vocabulary.SpellingOf(id).ToArray(), id)));

    /// <summary>The spans, with the ends of answers marked as part of them.</summary>
    public IReadOnlyList<TemplateSpan> Mark(IReadOnlyList<TemplateSpan> spans)
    {
        List<TemplateSpan> result = [];
        for (int index = 0; index < spans.Count;)
        {
            TemplateSpan span = spans[index++];
            result.Add(span);
            if (span.IsAnswer && index < spans.Count && !spans[index].IsAnswer
                && Find(spans, index, out TemplateSpan end, out TemplateSpan rest) is { } at)
            {
                IEnumerable<TemplateSpan> before = spans.Skip(index).Take(at - index);
                result.AddRange(before.Select(static part => part with { IsAnswer = true }));
                result.Add(end);
                result.AddRange(rest.Text.Length > 0 ? [rest] : []);
                index = at + 1;
            }
        }

        return result;
    }

    /// <summary>The tokens that end answers in a conversation: a template's own stop tokens.</summary>
    public IEnumerable<int> Ids(IReadOnlyList<TemplateSpan> spans)
    {
        for (int index = 1; index < spans.Count; index++)
        {
            if (spans[index - 1].IsAnswer && !spans[index].IsAnswer
                && Find(spans, index, out TemplateSpan end, out _) is not null)
            {
                int? id = end.Kind == SpanKind.EndOfSequence ? vocabulary.EosId : LastControl(end.Text);
                if (id is { } found)
                {
                    yield return found;
                }
            }
        }
    }

    // The span with the end of the answer before it, cut in two behind the end.
    private int? Find(IReadOnlyList<TemplateSpan> spans, int from, out TemplateSpan end, out TemplateSpan rest)
    {
        rest = TemplateSpan.Markup("");
        for (int at = from; at < spans.Count; at++)
        {
            end = spans[at] with { IsAnswer = true };
            if (end.Kind == SpanKind.EndOfSequence)
            {
                return at;
            }

            byte[] text = Encoding.UTF8.GetBytes(end.Text);
            int start = _controls.Find(text, out int id, out int length);
            if (end.Kind != SpanKind.Markup || (start >= 0 && id == vocabulary.BosId))
            {
                break;
            }

            if (start >= 0)
            {
                end = end with { Text = Encoding.UTF8.GetString(text.AsSpan(0, start + length)) };
                rest = TemplateSpan.Markup(Encoding.UTF8.GetString(text.AsSpan(start + length)));
                return at;
            }
        }

        end = default;
        return null;
    }

    private int? LastControl(string text) => _controls.Find(Encoding.UTF8.GetBytes(text), out int id, out _) >= 0
        ? id
        : null;
}
