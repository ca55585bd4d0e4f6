using Chaku.Evaluation;
using Chaku.Model;
using Chaku.Model.Decoding;
using Chaku.Model.Templates;

namespace Chaku.Cli.Own;

/// <summary>Asks the same questions before and after.</summary>
/// <param name="prompts">Writes its conversations.</param>
/// <param name="sets">The questions.</param>
/// <param name="terminal">Shows how far it is.</param>
internal sealed class OwnMeasurement(
    PromptEncoder prompts, IReadOnlyList<QuestionSet> sets, Terminal terminal)
{
    /// <summary>The questions.</summary>
    public IReadOnlyList<QuestionSet> Sets => sets;

    /// <summary>The answers of a model file to each set.</summary>
    /// <param name="path">The file: it has the base's vocabulary.</param>
    /// <param name="threadCount">Threads.</param>
    public IReadOnlyList<IReadOnlyList<AnsweredCase>> Take(string path, int threadCount)
    {
        using LanguageModel model = LanguageModel.Load(
            path, new ModelOptions { ThreadCount = threadCount, Repack = false });
        return Take(model, null);
    }

    /// <summary>The answers to each set.</summary>
    /// <param name="model">The model.</param>
    /// <param name="adapter">Changes it; null for the base.</param>
    public IReadOnlyList<IReadOnlyList<AnsweredCase>> Take(LanguageModel model, BoundAdapter? adapter) =>
        [.. sets.Select(set => set.Ask(model, adapter, prompts, terminal))];
}
