using System.Diagnostics;
using Chaku.Training.Datasets;
using Chaku.Training.Gradients;
using Chaku.Training.Optimisation;

namespace Chaku.Training.Estimation;

/// <summary>
/// Seconds that a run's parts take, measured on its own first micro-batch. Nothing that it computes is kept.
/// </summary>
internal sealed class TimeProbe
{
    // The first numbers are those of code that is still being compiled: short runs get that done sooner.
    private const int TrialTokens = 64;
    private const double MostWarmUpSeconds = 3;

    // Numbers that do not fall any more are those of compiled code; but the first plateau is that of the first
    // compiler.
    private const double LeastWarmUpSeconds = 2;
    private const double LeastSeconds = 1;
    private const int LeastSettled = 9;
    private const double SettledShare = 0.95;

    // A micro-batch that takes longer is run once, and whole only where that is little beside the run.
    private const double LongSeconds = 2;
    private const double MostLongSeconds = 6;
    private const double MostLongShare = 0.05;

    // Weights are dequantised once for so many tokens: fewer would look dearer than they are.
    private const int LeastTokens = 256;

    // A shorter one is run again and again.
    private const double MostSeconds = 4;
    private const double MostShare = 0.1;
    private const int LeastRepeats = 2;

    private const int SampleLength = 1 << 16;
    private const int SampleSteps = 4;

    private readonly Trainer _trainer;
    private readonly IReadOnlyList<TrainingSequence> _microBatch;
    private readonly int _tokenCount;
    private readonly CancellationToken _cancellation;

    private TimeProbe(
        Trainer trainer, IReadOnlyList<TrainingSequence> microBatch, CancellationToken cancellation)
    {
        _trainer = trainer;
        _microBatch = microBatch;
        _tokenCount = microBatch.Sum(sequence => sequence.Tokens.Length);
        _cancellation = cancellation;
    }

    /// <summary>Forward and backward of a token.</summary>
    public double SecondsPerToken { get; private set; }

    /// <summary>Forward of a token that is held out.</summary>
    public double SecondsPerHeldOutToken { get; private set; }

    /// <summary>The optimiser's update of a number.</summary>
    public double SecondsPerNumber { get; private set; }

    /// <summary>Measures; takes a second or a few.</summary>
    /// <param name="trainer">Before a step.</param>
    /// <param name="microBatch">The first that it will learn from.</param>
    /// <param name="optimiser">Its optimiser.</param>
    /// <param name="tokenCount">Tokens that the run will learn from, each as often as it is seen.</param>
    /// <param name="heldOutTokenCount">Tokens that the loss will be measured on, each as often.</param>
    /// <param name="cancellation">Looked at between measurements.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static TimeProbe Measure(
        Trainer trainer,
        IReadOnlyList<TrainingSequence> microBatch,
        OptimiserKind optimiser,
        double tokenCount,
        double heldOutTokenCount,
        CancellationToken cancellation)
    {
        TimeProbe probe = new(trainer, microBatch, cancellation)
        {
            SecondsPerNumber = MeasureOptimiser(optimiser),
        };
        probe.SecondsPerToken = probe.SecondsOf(isTraining: true, tokenCount);
        probe.SecondsPerHeldOutToken =
            heldOutTokenCount > 0 ? probe.SecondsOf(isTraining: false, heldOutTokenCount) : 0;
        return probe;
    }

    /// <summary>The beginning of a micro-batch, with its share of trained tokens.</summary>
    public static IReadOnlyList<TrainingSequence> Beginning(
        IReadOnlyList<TrainingSequence> microBatch, int tokenCount)
    {
        List<TrainingSequence> beginning = [];
        double share = (double)microBatch.Sum(sequence => sequence.TrainedCount)
            / microBatch.Sum(sequence => sequence.Tokens.Length);
        foreach (TrainingSequence sequence in microBatch)
        {
            int length = Math.Min(sequence.Tokens.Length, tokenCount);
            if (length < 2)
            {
                break;
            }

            tokenCount -= length;
            beginning.Add(length == sequence.Tokens.Length ? sequence : Cut(sequence, length, share));
        }

        return beginning;
    }

    private static TrainingSequence Cut(TrainingSequence sequence, int length, double trainedShare)
    {
        int trained = Math.Clamp((int)Math.Round(trainedShare * length), 1, length - 1);
        bool[] isTrained = new bool[length];
        isTrained.AsSpan(length - trained).Fill(true);
        return new TrainingSequence(sequence.Tokens[..length], isTrained);
    }

    private static double MeasureOptimiser(OptimiserKind optimiser)
    {
        using TrainedTensor sample = new("sample", new float[SampleLength]);
        TensorMoments moments = optimiser.CreateMoments(sample);
        double seconds = 0;
        for (int step = 1; step <= SampleSteps; step++)
        {
            long start = Stopwatch.GetTimestamp();
            moments.Update(new TrainingSettings { StepCount = 1 }.Optimiser, 0, step, 1);
            seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        return seconds / SampleLength;
    }

    private double SecondsOf(bool isTraining, double allTokens)
    {
        double perToken = Repeat(
            Beginning(_microBatch, TrialTokens),
            isTraining,
            leastRepeats: 1,
            LeastWarmUpSeconds,
            MostWarmUpSeconds,
            allTokens)[^1];
        if (perToken * _tokenCount > LongSeconds && _tokenCount > TrialTokens)
        {
            double tokens = Math.Max(MostLongSeconds / perToken, MostLongShare * allTokens);
            return Run(Beginning(_microBatch, (int)Math.Clamp(tokens, LeastTokens, int.MaxValue)), isTraining);
        }

        List<double> all = Repeat(_microBatch, isTraining, LeastRepeats, LeastSeconds, MostSeconds, allTokens);
        return all.Skip(2 * all.Count / 3).Average();
    }

    // Seconds of a token, run after run, until they settle, or it is enough for the run that is to come.
    private List<double> Repeat(
        IReadOnlyList<TrainingSequence> sequences,
        bool isTraining,
        int leastRepeats,
        double leastSeconds,
        double mostSeconds,
        double allTokens)
    {
        List<double> all = [];
        List<double> work = [];
        long start = Stopwatch.GetTimestamp();
        double seconds = 0;
        double limit = mostSeconds;
        while (all.Count < leastRepeats || (seconds < limit && (seconds < leastSeconds || !IsSettled(work))))
        {
            TimeSpan before = Environment.CpuUsage.TotalTime;
            all.Add(Run(sequences, isTraining));
            work.Add((Environment.CpuUsage.TotalTime - before).TotalSeconds);
            limit = Math.Min(mostSeconds, MostShare * all[^1] * allTokens);
            seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        return all;
    }

    // Of processor time, which other programs leave alone.
    private static bool IsSettled(List<double> work)
    {
        int third = work.Count / 3;
        return work.Count >= LeastSettled
            && work.TakeLast(third).Average() > SettledShare * work.SkipLast(third).TakeLast(third).Average();
    }

    private double Run(IReadOnlyList<TrainingSequence> sequences, bool isTraining)
    {
        _cancellation.ThrowIfCancellationRequested();
        long start = Stopwatch.GetTimestamp();
        _trainer.Rehearse(sequences, isTraining);
        return Stopwatch.GetElapsedTime(start).TotalSeconds / sequences.Sum(sequence => sequence.Tokens.Length);
    }
}
