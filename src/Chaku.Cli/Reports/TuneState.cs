using System.Diagnostics;
using Chaku.Training;
using Chaku.Training.Runs;

namespace Chaku.Cli.Reports;

/// <summary>How far a tuning run is. One thread trains, another one looks.</summary>
internal sealed class TuneState
{
    private readonly Lock _lock = new();
    private readonly LossHistory _history = new();
    private readonly List<HeldOutLoss> _heldOut = [];
    private readonly Func<double> _clock;
    private TrainingStep? _last;
    private long _firstStep;
    private double _firstSeconds;
    private long _tokenCount;

    /// <summary>A run before its first step.</summary>
    /// <param name="plan">What will be done.</param>
    /// <param name="clock">Seconds since any moment; null for the machine's.</param>
    public TuneState(TunePlan plan, Func<double>? clock = null)
    {
        long start = Stopwatch.GetTimestamp();
        Plan = plan;
        _clock = clock ?? (() => Stopwatch.GetElapsedTime(start).TotalSeconds);
        _firstStep = plan.ResumedFrom;
        _firstSeconds = _clock();
    }

    /// <summary>What will be done.</summary>
    public TunePlan Plan { get; }

    /// <summary>Takes what a run that goes on has behind it.</summary>
    public void Resume(RunState state)
    {
        lock (_lock)
        {
            _heldOut.AddRange(state.HeldOut);
            _firstStep = state.StepsDone;
            _firstSeconds = _clock();
        }
    }

    /// <summary>Notes a step.</summary>
    public void Add(TrainingStep step)
    {
        lock (_lock)
        {
            _last = step;
            _history.Add(step.Number, step.Loss);
            _tokenCount += step.TokenCount;
        }
    }

    /// <summary>Notes a measurement.</summary>
    public void Add(HeldOutLoss measured)
    {
        lock (_lock)
        {
            _heldOut.Add(measured);
        }
    }

    /// <summary>How it is now.</summary>
    public TuneMoment Now()
    {
        lock (_lock)
        {
            double seconds = _clock() - _firstSeconds;
            long done = (_last?.Number ?? _firstStep) - _firstStep;
            float[] smooth = _history.Smooth();
            return new TuneMoment(
                Plan,
                _last,
                [.. _history.Points.Zip(smooth, (point, loss) => point with { Loss = loss })],
                [.. _heldOut],
                seconds,
                seconds > 0 ? _tokenCount / seconds : 0,
                done > 0 ? seconds / done * (Plan.StepCount - _firstStep - done) : null);
        }
    }
}

/// <summary>A tuning run at one moment.</summary>
/// <param name="Plan">What will be done.</param>
/// <param name="Last">The last step; null before the first.</param>
/// <param name="Smooth">The smooth line through the losses, up to it.</param>
/// <param name="HeldOut">What was measured.</param>
/// <param name="Seconds">Since this life of the run began.</param>
/// <param name="TokensPerSecond">In that time.</param>
/// <param name="SecondsLeft">Until the last step, if it goes on like this; null before the first.</param>
internal sealed record TuneMoment(
    TunePlan Plan,
    TrainingStep? Last,
    IReadOnlyList<LossPoint> Smooth,
    IReadOnlyList<HeldOutLoss> HeldOut,
    double Seconds,
    double TokensPerSecond,
    double? SecondsLeft);
