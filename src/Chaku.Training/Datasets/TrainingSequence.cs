namespace Chaku.Training.Datasets;

/// <summary>Tokens that go through the decoder together, and which of them are learnt.</summary>
/// <param name="Tokens">The sequence.</param>
/// <param name="Trained">Whether each token is a target; the first never is, nothing comes before it.</param>
internal sealed record TrainingSequence(int[] Tokens, bool[] Trained)
{
    /// <summary>Where in the data set the record is that it comes from.</summary>
    public string Place { get; init; } = "";

    /// <summary>Tokens that are targets.</summary>
    public int TrainedCount => Trained.Skip(1).Count(isTrained => isTrained);
}
