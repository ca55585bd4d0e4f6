using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Model.Files;

namespace Chaku.Training.Runs;

/// <summary>What a run finds in the place that it is to write to.</summary>
internal static class EarlierRun
{
    /// <summary>Refuses to begin where a run could go on.</summary>
    /// <exception cref="TrainingException">There is a checkpoint; the message says what can be done.</exception>
    public static void RequireNone(RunFiles files)
    {
        if (!File.Exists(files.Checkpoint))
        {
            return;
        }

        string place = "";
        try
        {
            using Checkpoint? checkpoint = Checkpoint.Find(files.Checkpoint);
            place = $" behind step {checkpoint?.State.StepsDone}";
        }
        catch (TrainingException)
        {
            // A damaged one is refused with the same choice, and --resume says what is wrong with it.
            place = "";
        }

        throw new TrainingException(
            $"{files.Checkpoint} is of a run that was broken off{place}: --resume goes on with it, --restart drops " +
            "it and begins again");
    }

    /// <summary>The checkpoint to go on from; null where there is none, and the run begins.</summary>
    /// <param name="files">Where it lies.</param>
    /// <param name="outputPath">What the run writes.</param>
    /// <param name="isFull">Whether that is a model.</param>
    /// <param name="identity">What run it is to be.</param>
    /// <exception cref="TrainingException">
    /// It is damaged, or of another run; or there is none, and the output is another's.
    /// </exception>
    public static Checkpoint? Find(RunFiles files, string outputPath, bool isFull, RunIdentity identity)
    {
        if (Checkpoint.Find(files.Checkpoint) is not { } checkpoint)
        {
            RequireNoOther(outputPath, isFull, identity);
            return null;
        }

        if (identity.OnThisProcessor().DifferenceFrom(checkpoint.Identity) is { } difference)
        {
            checkpoint.Dispose();
            throw new TrainingException(
                $"{files.Checkpoint} is of another run: {difference}; what is as it was goes on, --restart drops it " +
                "and begins again");
        }

        return checkpoint;
    }

    /// <summary>Whether the output is this run's already, complete.</summary>
    public static bool IsComplete(string outputPath, bool isFull, RunIdentity identity) =>
        ReadRun(outputPath, isFull) is { Identity: { } finished } && identity.DifferenceFrom(finished) is null;

    /// <summary>Whether there is a checkpoint of this run.</summary>
    public static bool HasCheckpoint(RunFiles files, RunIdentity identity)
    {
        try
        {
            using Checkpoint? checkpoint = Checkpoint.Find(files.Checkpoint);
            return checkpoint is not null && identity.OnThisProcessor().DifferenceFrom(checkpoint.Identity) is null;
        }
        catch (TrainingException)
        {
            // A damaged one is nobody's.
            return false;
        }
    }

    private static void RequireNoOther(string outputPath, bool isFull, RunIdentity identity)
    {
        if (ReadRun(outputPath, isFull) is not { } found)
        {
            return;
        }

        string what = found.Identity is { } finished
            ? $"is of another run, which is complete: {identity.DifferenceFrom(finished)}"
            : "is there already, and does not say that it is this run's";
        throw new TrainingException(
            $"{outputPath} {what}; name another place, or leave --resume out to write over it at the end");
    }

    // Null where there is nothing; without an identity where it is nothing that says what run it is of.
    private static FoundRun? ReadRun(string outputPath, bool isFull)
    {
        string path = isFull ? outputPath : Path.Combine(outputPath, PeftFolder.WeightsName);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            return new FoundRun((isFull ? TextOfModel(path) : TextOfAdapter(path)) is { } text
                ? RunIdentity.Parse(text)
                : null);
        }
        catch (Exception exception) when (exception is ModelFormatException or InvalidDataException)
        {
            return new FoundRun(null);
        }
    }

    private static string? TextOfAdapter(string path)
    {
        using TensorFile file = TensorFile.Open(path);
        return file.Metadata.GetValueOrDefault(AdapterOrigin.RunKey);
    }

    private static string? TextOfModel(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        return file.Metadata.Find(AdapterOrigin.RunKey)?.AsString();
    }

    private sealed record FoundRun(RunIdentity? Identity);
}
