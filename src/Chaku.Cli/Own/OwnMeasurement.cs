using Chaku.Evaluation;
using Chaku.Model;
using Chaku.Model.Decoding;
using Chaku.Model.Templates;

namespace Chaku.Cli.Own;

/// <summary>Asks the same questions before and after.</summary>
/// <param name="model">The model.</param>
/// <param name="prompts">Writes its conversations.</param>
/// <param name="sets">The questions.</param>
/// <param name="terminal">Shows how far it is.</param>
internal sealed class OwnMeasurement(
    LanguageModel model, PromptEncoder prompts, IReadOnlyList<QuestionSet> sets, Terminal terminal)
{
    /// <summary>The questions.</summary>
    public IReadOnlyList<QuestionSet> Sets => sets;

    /// <summary>The answers to each set.</summary>
    /// <param name="adapter">Changes the model; null for the base.</param>
    public IReadOnlyList<IReadOnlyList<AnsweredCase>> Take(BoundAdapter? adapter) =>
        [.. sets.Select(set => set.Ask(model, adapter, prompts, terminal))];
}
