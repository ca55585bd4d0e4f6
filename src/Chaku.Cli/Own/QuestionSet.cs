using Chaku.Evaluation;
using Chaku.Model;
using Chaku.Model.Decoding;
using Chaku.Model.Templates;
using Chaku.Training.Datasets;

namespace Chaku.Cli.Own;

/// <summary>Questions that nothing is learnt from, to be asked before and after.</summary>
/// <param name="Title">What they measure, for people.</param>
/// <param name="Cases">The questions with their answers.</param>
internal sealed record QuestionSet(string Title, IReadOnlyList<AnswerCase> Cases)
{
    /// <summary>Questions of a set at most: asking takes time, and a hundred tell enough.</summary>
    public const int MostCases = 100;

    /// <summary>The last answer of each conversation of a data set.</summary>
    /// <exception cref="DatasetException">The file is broken, or has no answers.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static QuestionSet Read(string title, string path, string? format) =>
        Of(title, path, Dataset.Read(path, format).Records);

    /// <summary>The last answers of what a run holds out of its data.</summary>
    /// <param name="title">What they measure.</param>
    /// <param name="dataset">The data.</param>
    /// <param name="heldOut">What is held out of it.</param>
    /// <exception cref="DatasetException">Nothing that is held out has an answer.</exception>
    public static QuestionSet HeldOut(string title, Dataset dataset, TrainingSet heldOut)
    {
        HashSet<string> places = [.. heldOut.Sequences.Select(sequence => sequence.Place)];
        return Of(title, dataset.Path, dataset.Records.Where(record => places.Contains(record.Place)));
    }

    /// <summary>Asks all of them.</summary>
    public IReadOnlyList<AnsweredCase> Ask(
        LanguageModel model, BoundAdapter? adapter, PromptEncoder prompts, Terminal terminal)
    {
        using ProgressReport progress = terminal.Progress($"asking: {Title}");
        return new ExactMatch(model, adapter, prompts).Ask(
            Cases, (done, all) => progress.Report(done, all), terminal.Cancellation);
    }

    private static QuestionSet Of(string title, string path, IEnumerable<DatasetRecord> records)
    {
        AnswerCase[] cases =
        [
            .. records.OfType<ConversationRecord>().Select(record => AnswerCase.Of(record.Conversation))
                .OfType<AnswerCase>().Take(MostCases),
        ];
        return cases.Length > 0
            ? new QuestionSet(title, cases)
            : throw new DatasetException($"{path} has no questions with answers to measure on");
    }
}
