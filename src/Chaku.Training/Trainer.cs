using System.Runtime.InteropServices;
using Chaku.Kernels.Ops;
using Chaku.Model.Cache;
using Chaku.Model.Decoding;
using Chaku.Training.Datasets;
using Chaku.Training.Gradients;
using Chaku.Training.Optimisation;
using Chaku.Training.Runs;

namespace Chaku.Training;

/// <summary>
/// Trains an adapter or a whole model step by step. The same settings and sequences give the same numbers, bit for bit,
/// on any number of threads.
/// </summary>
internal sealed class Trainer : IDisposable
{
    private readonly BoundAdapter? _adapter;
    private readonly TrainingSettings _settings;
    private readonly KvCache _cache;
    private readonly GradientSet _gradients;
    private readonly Moments _moments;
    private readonly DecoderBackward _backward;
    private readonly Batch _batch = new();
    private readonly List<KvSequence> _sequences = [];
    private readonly List<int> _outputRows = [];
    private readonly List<int> _targets = [];
    private readonly int _batchTokenCount;
    private readonly int _batchSequenceCount;
    private float[] _losses = [];

    /// <summary>A trainer before its first step.</summary>
    /// <param name="decoder">The model that is served.</param>
    /// <param name="adapter">The adapter; its factors change.</param>
    /// <param name="settings">What the optimiser does.</param>
    /// <param name="batchTokenCount">Tokens of a micro-batch at most.</param>
    /// <param name="batchSequenceCount">Sequences of a micro-batch at most.</param>
    public Trainer(
        Decoder decoder, BoundAdapter adapter, TrainingSettings settings, int batchTokenCount, int batchSequenceCount)
        : this(decoder, settings, batchTokenCount, batchSequenceCount, adapter)
    {
    }

    /// <summary>A trainer of all weights, before its first step.</summary>
    /// <param name="decoder">The model, with its weights as float32 in memory; they change.</param>
    /// <param name="settings">What the optimiser does.</param>
    /// <param name="batchTokenCount">Tokens of a micro-batch at most.</param>
    /// <param name="batchSequenceCount">Sequences of a micro-batch at most.</param>
    public Trainer(Decoder decoder, TrainingSettings settings, int batchTokenCount, int batchSequenceCount)
        : this(decoder, settings, batchTokenCount, batchSequenceCount, null)
    {
    }

    private Trainer(
        Decoder decoder, TrainingSettings settings, int batchTokenCount, int batchSequenceCount, BoundAdapter? adapter)
    {
        _adapter = adapter;
        _settings = settings;
        _batchTokenCount = batchTokenCount;
        _batchSequenceCount = batchSequenceCount;
        _cache = decoder.CreateCache(batchTokenCount, batchSequenceCount, sharesPrefixes: false);
        _gradients = adapter is null
            ? new FullGradients(decoder)
            : new AdapterGradients(decoder, adapter, settings.LoraPlusRatio);
        _moments = new Moments(_gradients, settings.OptimiserKind);
        _backward = new DecoderBackward(decoder, _gradients);
    }

    /// <summary>Steps done.</summary>
    public long StepsDone { get; private set; }

    /// <summary>What is trained.</summary>
    public IReadOnlyList<TrainedTensor> Tensors => _gradients.Tensors;

    /// <summary>
    /// All that decides how it goes on, apart from <see cref="StepsDone"/>: what is trained, and the optimiser's means.
    /// </summary>
    public IReadOnlyList<SavedTensor> Saved => [.. Tensors.Select(tensor => tensor.Saved), .. _moments.Saved];

    /// <summary>Goes on behind a step, once <see cref="Saved"/> has been read back.</summary>
    public void ContinueAfter(long step) => StepsDone = step;

    /// <summary>One step of the optimiser: <see cref="Measure"/> and <see cref="Update"/>.</summary>
    /// <param name="microBatches">Each goes through the decoder at once; its sequences do not see each other.</param>
    /// <exception cref="TrainingException">No token is trained, or the loss is not finite.</exception>
    public TrainingStep Step(IReadOnlyList<IReadOnlyList<TrainingSequence>> microBatches)
    {
        TrainingStep step = Measure(microBatches);
        if (!step.IsFinite)
        {
            throw new TrainingException(
                $"the loss of step {step.Number} is {step.Loss}, its gradient's norm {step.GradientNorm}: " +
                "a smaller learning rate may help");
        }

        Update(step);
        return step;
    }

    /// <summary>Loss and gradients of the next step over all its micro-batches; nothing is moved yet.</summary>
    /// <param name="microBatches">Each goes through the decoder at once; its sequences do not see each other.</param>
    /// <exception cref="TrainingException">No token is trained.</exception>
    public TrainingStep Measure(IReadOnlyList<IReadOnlyList<TrainingSequence>> microBatches)
    {
        int trainedCount = microBatches.Sum(batch => batch.Sum(sequence => sequence.TrainedCount));
        if (trainedCount == 0)
        {
            throw new TrainingException($"step {StepsDone + 1} has no token to learn");
        }

        _gradients.Clear();
        double loss = 0;
        long rowOffset = 0;
        foreach (IReadOnlyList<TrainingSequence> sequences in microBatches)
        {
            Dropout? dropout = _settings.DropoutRate > 0
                ? new Dropout(_settings.DropoutRate, _settings.Seed, StepsDone, rowOffset)
                : null;
            loss = Add(loss, Run(sequences, 1f / trainedCount, dropout));
            rowOffset += sequences.Sum(sequence => (long)sequence.Tokens.Length);
        }

        double learningRate = _settings.Schedule.At(
            _settings.LearningRate, StepsDone, _settings.StepCount, _settings.WarmupCount);
        return new TrainingStep(
            StepsDone + 1, loss / trainedCount, _gradients.Norm(), learningRate, (int)rowOffset, trainedCount);
    }

    /// <summary>Moves what is trained by the gradients that were measured: clipping, then the optimiser.</summary>
    /// <param name="step">What <see cref="Measure"/> gave; finite.</param>
    public void Update(TrainingStep step)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(step.Number, StepsDone + 1, nameof(step));
        bool isClipped = _settings.ClipNorm > 0 && step.GradientNorm > _settings.ClipNorm;
        float scale = isClipped ? (float)(_settings.ClipNorm / step.GradientNorm) : 1;
        _moments.Update(_settings.Optimiser, step.LearningRate, step.Number, scale);
        StepsDone++;
    }

    /// <summary>Mean loss of sequences without training on them.</summary>
    /// <param name="sequences">What was held out; none longer than a micro-batch.</param>
    /// <param name="cancellation">Stops between micro-batches.</param>
    public double Validate(IReadOnlyList<TrainingSequence> sequences, CancellationToken cancellation = default)
    {
        double loss = 0;
        long trainedCount = 0;
        for (int first = 0; first < sequences.Count;)
        {
            cancellation.ThrowIfCancellationRequested();
            int end = first;
            int tokenCount = 0;
            while (end < sequences.Count && end - first < _batchSequenceCount
                && (end == first || tokenCount + sequences[end].Tokens.Length <= _batchTokenCount))
            {
                tokenCount += sequences[end++].Tokens.Length;
            }

            loss = Add(loss, Run([.. sequences.Skip(first).Take(end - first)], 0, null, isTraining: false));
            trainedCount += _targets.Count;
            first = end;
        }

        return loss / trainedCount;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _backward.Dispose();
        _gradients.Dispose();
        _cache.Dispose();
    }

    // One sum over all tokens in their order, as scoring adds them.
    private static double Add(double sum, ReadOnlySpan<float> losses)
    {
        foreach (float loss in losses)
        {
            sum += loss;
        }

        return sum;
    }

    private ReadOnlySpan<float> Run(
        IReadOnlyList<TrainingSequence> sequences, float scale, Dropout? dropout, bool isTraining = true)
    {
        Fill(sequences, dropout);
        try
        {
            if (_losses.Length < _targets.Count)
            {
                _losses = new float[_targets.Count];
            }

            Span<float> losses = _losses.AsSpan(0, _targets.Count);
            ReadOnlySpan<int> targets = CollectionsMarshal.AsSpan(_targets);
            if (isTraining)
            {
                _backward.LossesAndGradients(_batch, targets, scale, losses);
            }
            else
            {
                _backward.Losses(_batch, targets, losses);
            }

            return losses;
        }
        finally
        {
            _sequences.ForEach(sequence => sequence.Dispose());
        }
    }

    // A row is asked for where the token behind it is trained.
    private void Fill(IReadOnlyList<TrainingSequence> sequences, Dropout? dropout)
    {
        _batch.Clear();
        _sequences.Clear();
        _targets.Clear();
        foreach (TrainingSequence sequence in sequences)
        {
            _outputRows.Clear();
            for (int token = 1; token < sequence.Tokens.Length; token++)
            {
                if (sequence.Trained[token])
                {
                    _outputRows.Add(token - 1);
                    _targets.Add(sequence.Tokens[token]);
                }
            }

            KvSequence cached = _cache.Open(_adapter);
            _sequences.Add(cached);
            _batch.Add(cached, sequence.Tokens, CollectionsMarshal.AsSpan(_outputRows), dropout);
        }
    }
}
