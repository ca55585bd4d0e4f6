using Chaku.Model.Adapters;
using Chaku.Model.Files;
using Chaku.Training.Estimation;
using Chaku.Training.Runs;

namespace Chaku.Training;

/// <summary>What a tuning run leaves behind: an adapter or a model, and no checkpoint once that is complete.</summary>
/// <param name="target">What is trained.</param>
/// <param name="path">Where it is written.</param>
/// <param name="files">Where the run's files lie.</param>
/// <param name="origin">What is written beside the numbers.</param>
/// <param name="identity">What run it is.</param>
/// <param name="warn">Told what goes wrong without ending the run.</param>
internal sealed class TuningResult(
    TuningTarget target,
    string path,
    RunFiles files,
    AdapterOrigin origin,
    RunIdentity identity,
    Action<string> warn)
{
    /// <summary>Told what goes wrong without ending the run.</summary>
    public Action<string> Warn => warn;

    /// <summary>Whether it is there already, complete.</summary>
    public bool IsThere => EarlierRun.IsComplete(path, target is FullTarget, identity);

    /// <summary>Takes away what earlier lives of the run left that is of no use to it.</summary>
    public void RemoveLeftovers()
    {
        foreach (string file in (string[])[.. target.FilesOf(path), .. files.All])
        {
            AtomicFile.RemoveLeftovers(file);
        }

        if (IsThere && EarlierRun.HasCheckpoint(files, identity))
        {
            File.Delete(files.Checkpoint);
        }
    }

    /// <summary>What writes the run's checkpoints.</summary>
    public CheckpointWriter Checkpoints(TuneOptions options) =>
        new(files.Checkpoint, identity, options.Checkpoints, warn);

    /// <summary>Writes what an ended run gives, and a checkpoint if it can go on.</summary>
    /// <exception cref="IOException">It cannot be written; a checkpoint of it is, where that can be.</exception>
    /// <exception cref="DivergedException">The loss left all bounds.</exception>
    public TuneReport Finish(TuningRun run, TunePlan plan, RunEnd end, CheckpointWriter checkpoints)
    {
        if (end == RunEnd.Cancelled)
        {
            run.TryCheckpoint();
        }

        long step = run.StepToWrite(end);
        AdapterEffect? effect = step > 0 ? Write(run, step, end) : null;

        if (end != RunEnd.Cancelled)
        {
            checkpoints.Delete();
        }

        TuneReport report = Report(run, plan, end, step) with { Effect = effect };
        if (report is { ValidationBefore: { } before, ValidationAfter: { } after } && after >= before)
        {
            warn(
                $"the loss on what is held out is {after:0.0000}, and {before:0.0000} without anything learnt: the " +
                "base alone is no worse");
        }

        return end == RunEnd.Diverged ? throw Diverged(run, report) : report;
    }

    private static TuneReport Report(TuningRun run, TunePlan plan, RunEnd end, long step)
    {
        RunState state = run.State;
        RunCost cost = run.Cost;
        return new TuneReport(
            plan,
            state.StepsDone,
            state.FirstLoss,
            state.LastLoss,
            state.LossBehind(0),
            step > 0 ? state.LossBehind(step) : null,
            state.TokenCount,
            cost.Seconds)
        {
            End = end,
            KeptStep = step,
            HeldOut = state.HeldOut,
            Cost = cost,
            PeakMemoryBytes = ProcessMemory.Read().PeakBytes,
        };
    }

    // Only a run that came to its end says what run it is: to be broken off is no part of that.
    private AdapterEffect? Write(TuningRun run, long step, RunEnd end)
    {
        bool isComplete = end is RunEnd.Complete or RunEnd.StoppedEarly;
        run.Exchange(step);
        try
        {
            AdapterEffect? effect = target.Measure();
            target.Write(path, origin with
            {
                Run = isComplete ? identity.ToText() : null,
                Step = step,
            });
            return effect;
        }
        catch (IOException exception)
        {
            run.Exchange(step);
            bool canGoOn = end != RunEnd.Diverged && run.TryCheckpoint();
            string advice = canGoOn
                ? "nothing is lost: once it can be, --resume writes it"
                : $"what was learnt {(File.Exists(files.Checkpoint) ? "since the last checkpoint " : "")}is lost";
            throw new IOException($"{exception.Message}; {advice}", exception);
        }
    }

    private DivergedException Diverged(TuningRun run, TuneReport report)
    {
        string kept = report.KeptStep > 0
            ? $"{path} has what was good, the numbers behind step {report.KeptStep} of {report.Plan.StepCount}"
            : "nothing of it was good, and nothing was written";
        return new DivergedException(
            $"the run diverged: {run.Trouble}; {kept}; a smaller --lr may help, or a longer --warmup", report);
    }
}
