using System.Text;
using Chaku.Model;
using Chaku.Model.Decoding;
using Chaku.Model.Generation;
using Chaku.Model.Templates;

namespace Chaku.Evaluation;

/// <summary>A conversation that ends with a question, and the answer to it.</summary>
/// <param name="Prompt">The last message is the user's.</param>
/// <param name="Expected">The answer; white space around it does not count.</param>
internal sealed record AnswerCase(Conversation Prompt, string Expected)
{
    /// <summary>The last answer of a conversation, and what was said before it; null where it has no answer.</summary>
    public static AnswerCase? Of(Conversation conversation) =>
        conversation.Messages[^1] is { Role: Role.Assistant } answer
            ? new AnswerCase(new Conversation([.. conversation.Messages.SkipLast(1)]), answer.Content)
            : null;
}

/// <summary>What a model answered in one case.</summary>
/// <param name="Case">The case.</param>
/// <param name="Answer">The answer, without white space around it.</param>
internal sealed record AnsweredCase(AnswerCase Case, string Answer)
{
    /// <summary>Whether it is the expected answer, to the letter.</summary>
    public bool IsRight => Answer == Case.Expected.Trim();
}

/// <summary>Asks a model questions, and counts the answers that are right to the letter.</summary>
/// <param name="model">The model; one caller at a time.</param>
/// <param name="adapter">Changes the model; null for none.</param>
/// <param name="prompts">Writes the conversations.</param>
internal sealed class ExactMatch(LanguageModel model, BoundAdapter? adapter, PromptEncoder prompts)
{
    // An answer may be longer than the expected one by this much; one that goes on is wrong in any case.
    private const int SpareTokens = 16;

    /// <summary>Asks all questions; the likeliest token is taken at each step.</summary>
    /// <param name="cases">At least one.</param>
    /// <param name="progress">Told cases done and cases in all; may be null.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    /// <exception cref="ContextOverflowException">A question leaves no room for an answer.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public IReadOnlyList<AnsweredCase> Ask(
        IReadOnlyList<AnswerCase> cases, Action<int, int>? progress = null, CancellationToken cancellation = default)
    {
        using Generator generator = new(model, adapter);
        List<AnsweredCase> answered = [];
        foreach (AnswerCase one in cases)
        {
            int[] prompt = prompts.Encode(one.Prompt, addGenerationPrompt: true).Ids;
            GenerationOptions options = new()
            {
                Temperature = 0,
                MaxTokens = model.Tokenizer.Encode(one.Expected, addSpecial: false).Length + SpareTokens,
                StopIds = [.. prompts.StopIds],
                StopStrings = [.. prompts.StopStrings],
            };
            StringBuilder answer = new();
            foreach (GenerationStep step in generator.Run(prompt, options, null, cancellation))
            {
                answer.Append(step.Text);
            }

            answered.Add(new AnsweredCase(one, answer.ToString().Trim()));
            progress?.Invoke(answered.Count, cases.Count);
        }

        return answered;
    }

    /// <summary>How many answers are right.</summary>
    public static Proportion Score(IReadOnlyList<AnsweredCase> answered) =>
        new(answered.Count(one => one.IsRight), answered.Count);
}
