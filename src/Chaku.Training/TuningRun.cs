using System.Diagnostics;
using Chaku.Training.Datasets;
using Chaku.Training.Gradients;
using Chaku.Training.Runs;

namespace Chaku.Training;

/// <summary>
/// The steps of a tuning run, with its measurements and checkpoints. All that decides how it goes on is in
/// <see cref="State"/> and in what a checkpoint keeps of the trainer, so that it goes on from any step to the same end.
/// </summary>
internal sealed class TuningRun : IDisposable
{
    private const int MeasurementCount = 4;
    private const int PatientMeasurementCount = 20;
    private const int KeepCount = 20;

    // A loss of so many times the first step's is no learning; a first loss below the floor is taken for it.
    private const double DivergedRatio = 10;
    private const double LowestFirstLoss = 0.1;

    private readonly Trainer _trainer;
    private readonly TunePlan _plan;
    private readonly BatchPlan _batches;
    private readonly TuneOptions _options;
    private readonly CheckpointWriter _checkpoints;
    private readonly TuneProgress _progress;
    private readonly KeptValues _kept;
    private readonly RunMarks _marks;
    private readonly long _start = Stopwatch.GetTimestamp();
    private double _secondsBefore;
    private long _checkpointStep;

    /// <summary>A run before its first step.</summary>
    /// <param name="trainer">Does the steps.</param>
    /// <param name="plan">What will be done.</param>
    /// <param name="batches">What each step learns from.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="checkpoints">Writes them.</param>
    /// <param name="progress">Who is told.</param>
    public TuningRun(
        Trainer trainer,
        TunePlan plan,
        BatchPlan batches,
        TuneOptions options,
        CheckpointWriter checkpoints,
        TuneProgress progress)
    {
        _trainer = trainer;
        _plan = plan;
        _batches = batches;
        _options = options;
        _checkpoints = checkpoints;
        _progress = progress;
        _kept = new KeptValues(trainer.Tensors);
        int count = !IsMeasured ? KeepCount : options.Patience is null ? MeasurementCount : PatientMeasurementCount;
        _marks = new RunMarks(plan.StepCount, options.ValidateEvery, count);
    }

    /// <summary>How far it is.</summary>
    public RunState State { get; private set; } = new();

    /// <summary>What went wrong, where it diverged.</summary>
    public string Trouble { get; private set; } = "";

    /// <summary>Seconds in all its lives.</summary>
    public double ElapsedSeconds => _secondsBefore + Stopwatch.GetElapsedTime(_start).TotalSeconds;

    private bool IsMeasured => _plan.Data.Validation.Sequences.Count > 0;

    private IReadOnlyList<SavedTensor> Saved =>
        State.KeptStep > 0 ? [.. _trainer.Saved, .. _kept.Saved] : _trainer.Saved;

    /// <summary>Goes on from a checkpoint.</summary>
    /// <exception cref="TrainingException">It has other numbers than this run.</exception>
    public void Restore(Checkpoint checkpoint)
    {
        State = checkpoint.State;
        if (State.StepsDone > _plan.StepCount)
        {
            throw new TrainingException(
                $"the checkpoint is behind step {State.StepsDone} of {_plan.StepCount}; --restart drops it");
        }

        checkpoint.Restore(Saved);
        _trainer.ContinueAfter(State.StepsDone);
        _secondsBefore = State.ElapsedSeconds;
        _checkpointStep = State.StepsDone;
    }

    /// <summary>Does steps to the end, or until something ends them.</summary>
    /// <param name="log">Told every step and measurement.</param>
    /// <param name="cancellation">Ends the run between steps.</param>
    /// <exception cref="TrainingException">The loss is no number before anything was learnt.</exception>
    public RunEnd Run(RunLog log, CancellationToken cancellation)
    {
        while (true)
        {
            if (!TryMeasure(log, cancellation))
            {
                return RunEnd.Cancelled;
            }

            RunEnd? end = Trouble.Length > 0 || !IsSaneAtEnd() ? RunEnd.Diverged
                : State.StepsDone == _plan.StepCount ? RunEnd.Complete
                : _options.Patience is { } patience && State.CountSinceBest >= patience ? RunEnd.StoppedEarly
                : cancellation.IsCancellationRequested ? RunEnd.Cancelled
                : null;
            if (end is { } reached)
            {
                return reached;
            }

            if (State.StepsDone > _checkpointStep && _checkpoints.IsDue(State.StepsDone))
            {
                TryCheckpoint();
            }

            if (!TryStep(log))
            {
                return RunEnd.Diverged;
            }
        }
    }

    /// <summary>Writes a checkpoint of a run that has done a step.</summary>
    /// <returns>Whether it is there.</returns>
    public bool TryCheckpoint()
    {
        bool isThere = _checkpoints.TryWrite(State, Saved);
        _checkpointStep = isThere ? State.StepsDone : _checkpointStep;
        return isThere;
    }

    /// <summary>The step behind which the numbers are that an ended run writes; 0 where there are none.</summary>
    public long StepToWrite(RunEnd end) => end switch
    {
        RunEnd.Diverged => IsKeptGood ? State.KeptStep : 0,
        _ when _options.KeepsBest && State.KeptStep > 0 => State.KeptStep,
        _ => State.StepsDone,
    };

    /// <summary>Lets kept and last numbers change places, where others than the last are written.</summary>
    /// <param name="step">Of <see cref="StepToWrite"/>.</param>
    public void Exchange(long step)
    {
        if (step != State.StepsDone)
        {
            _kept.Exchange();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _kept.Dispose();

    // Better than the base alone, where that can be told.
    private bool IsKeptGood => State.KeptStep > 0
        && (!IsMeasured || State.LossBehind(State.KeptStep) < State.LossBehind(0));

    private bool TryMeasure(RunLog log, CancellationToken cancellation)
    {
        long step = State.StepsDone;
        if (!IsMeasured || !_marks.IsAt(step) || State.LossBehind(step) is not null)
        {
            return true;
        }

        double loss;
        try
        {
            loss = _trainer.Validate(_plan.Data.Validation.Sequences, cancellation);
        }
        catch (OperationCanceledException)
        {
            // A measurement that is broken off is no measurement; a run that goes on begins with it.
            return false;
        }

        if (!double.IsFinite(loss))
        {
            Trouble = step > 0
                ? $"the loss on what is held out is {loss} behind step {step}"
                : throw NothingLearnt($"the loss on what is held out is {loss}");
            return true;
        }

        HeldOutLoss measured = new(step, loss);
        State.HeldOut.Add(measured);
        log.Add(measured);
        _progress.OnValidation?.Invoke(step, loss);
        if (step > 0 && (_options.KeepsBest ? State.Best == measured : loss < State.LossBehind(0)))
        {
            Keep();
        }

        return true;
    }

    private bool TryStep(RunLog log)
    {
        TrainingStep step = _trainer.Measure(_batches.Step(State.StepsDone));
        if (!IsSane(step))
        {
            return false;
        }

        // The loss of a step is that of the numbers behind the step before.
        if (!IsMeasured && State.StepsDone > 0 && _marks.IsAt(State.StepsDone) && step.Loss <= State.FirstLoss)
        {
            Keep();
        }

        _trainer.Update(step);
        State.Add(step);
        State.ElapsedSeconds = ElapsedSeconds;
        log.Add(step, State.ElapsedSeconds);
        _progress.OnStep?.Invoke(step);
        return true;
    }

    private void Keep()
    {
        _kept.Take();
        State.KeptStep = State.StepsDone;
    }

    private bool IsSane(TrainingStep step)
    {
        if (!step.IsFinite)
        {
            string what =
                $"the loss of step {step.Number} is {step.Loss}, its gradient's norm {step.GradientNorm}";
            Trouble = step.Number > 1 ? what : throw NothingLearnt(what);
            return false;
        }

        // One odd batch is no divergence; two in a row are.
        double limit = DivergedRatio * Math.Max(State.FirstLoss, LowestFirstLoss);
        if (step.Number > 1 && step.Loss > limit && (State.LastLoss > limit || step.Number == _plan.StepCount))
        {
            Trouble =
                $"the loss of step {step.Number} is {step.Loss:0.####}, of the first {State.FirstLoss:0.####}; over " +
                $"{limit:0.####} is no learning";
            return false;
        }

        return true;
    }

    // The last update is followed by no loss that would show what it did.
    private bool IsSaneAtEnd()
    {
        if (State.StepsDone < _plan.StepCount)
        {
            return true;
        }

        foreach (TrainedTensor tensor in _trainer.Tensors)
        {
            foreach (float value in tensor.Values)
            {
                if (!float.IsFinite(value))
                {
                    Trouble = $"the last step made {tensor.Name} {value}";
                    return false;
                }
            }
        }

        return true;
    }

    private TrainingException NothingLearnt(string what) => new(
        $"{what}, before anything was learnt: " +
        $"{BrokenWeights.Find(_plan.Model) ?? "every weight of the base is a number, and what they make is none"}; " +
        "nothing was written");
}
