using System.Diagnostics;
using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Model.Files;
using Chaku.Model.Templates;
using Chaku.Training.Datasets;
using Chaku.Training.Optimisation;

namespace Chaku.Training;

/// <summary>One tuning run: data and base in, adapter or model out.</summary>
internal sealed class Tuning
{
    /// <summary>Tokens of a sequence at most, where nobody says otherwise and the model has no fewer.</summary>
    public const int LongestDefaultContext = 512;

    private const double DefaultWarmupShare = 0.03;
    private const int ValidationCount = 4;

    // More than any memory holds, and little enough that no count overflows.
    private const int MostBatchTokens = 1 << 26;

    private readonly LanguageModel _model;
    private readonly TuneOptions _options;
    private readonly TuneProgress _progress;
    private readonly CancellationToken _cancellation;

    private Tuning(LanguageModel model, TuneOptions options, TuneProgress progress, CancellationToken cancellation)
    {
        _model = model;
        _options = options;
        _progress = progress;
        _cancellation = cancellation;
    }

    private int ContextLength =>
        _options.ContextLength ?? Math.Min(_model.ContextLength, LongestDefaultContext);

    /// <summary>
    /// Tunes an adapter and writes it as a folder in PEFT's format, or the whole model and writes it as a GGUF file.
    /// </summary>
    /// <param name="model">The base, as it is served.</param>
    /// <param name="dataPath">The data set.</param>
    /// <param name="outputPath">
    /// The folder or the file; one that is there already stays until the new one is complete.
    /// </param>
    /// <param name="options">What is asked for.</param>
    /// <param name="progress">Who is told; null for nobody.</param>
    /// <param name="cancellation">Ends the run after the current step; what was learnt until then is written.</param>
    /// <exception cref="TrainingException">An option cannot be, or the loss is not finite.</exception>
    /// <exception cref="DatasetException">The data set is broken, or nothing is left to learn.</exception>
    /// <exception cref="ChatTemplateException">The data need a template, and there is none.</exception>
    /// <exception cref="AdapterException">An adapter's setting cannot be, or a target names nothing.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    /// <exception cref="OperationCanceledException">
    /// Cancelled before the first step: there is nothing to write.
    /// </exception>
    public static TuneReport Run(
        LanguageModel model,
        string dataPath,
        string outputPath,
        TuneOptions options,
        TuneProgress? progress = null,
        CancellationToken cancellation = default)
    {
        Tuning tuning = new(model, options, progress ?? new TuneProgress(), cancellation);
        return tuning.Run(dataPath, outputPath);
    }

    private TuneReport Run(string dataPath, string outputPath)
    {
        CheckOptions();
        TrainingSettings settings = Settings();
        TuningTarget target = TuningTarget.Create(_model, _options);
        TrainingData data = ReadData(dataPath, out PromptEncoder? prompts, out ChatTemplate? template);
        target.RequireWritable(outputPath);
        string baseSha256 = ContentHashCache.ForUser().GetOrCompute(
            _model.Source.Content, _progress.OnHash, _cancellation);
        AdapterOrigin origin = AdapterOrigin.On(_model, baseSha256) with
        {
            Seed = _options.Seed,
            Template = template?.Name,
            StopIds = prompts is null ? null : [.. prompts.StopIds.Order()],
        };
        BatchPlan batches = new(
            data.Training.Sequences,
            ContextLength,
            _options.BatchSize,
            _options.Accumulation,
            _options.Seed,
            _options.IsPacked);
        settings = WithSteps(settings, batches);
        TunePlan plan = new(
            data,
            settings.StepCount,
            batches.EpochsBefore(settings.StepCount),
            target.MatrixCount,
            target.ParameterCount,
            template?.Name)
        {
            IsFull = _options.IsFull,
            WarmupCount = settings.WarmupCount,
        };
        _progress.OnStart?.Invoke(plan);
        using Trainer trainer = target.CreateTrainer(settings, batches.TokenCapacity, batches.SequenceCapacity);
        TuneReport report = Train(trainer, plan, batches);
        target.Write(outputPath, origin);
        return report;
    }

    private void CheckOptions()
    {
        Require(_options.LearningRate is > 0 and < double.PositiveInfinity, "the learning rate is above 0");
        Require(
            _options.LoraPlusRatio is > 0 and < double.PositiveInfinity, "the ratio of learning rates is above 0");
        Require(_options.Dropout is >= 0 and < 1, "dropout is at least 0 and less than 1");
        Require(
            !_options.IsFull || !_options.AsksForAdapter,
            "where all weights are trained there is no adapter: leave its options out");
        Require(_options.ClipNorm >= 0, "the clipping norm is 0 or more");
        Require(_options.WeightDecay >= 0, "the weight decay is 0 or more");
        Require(_options.Beta2 is >= 0 and < 1, "beta2 is at least 0 and less than 1");
        Require(_options.Steps is null or > 0, "there is at least one step");
        Require(_options.Epochs is > 0 and < double.PositiveInfinity, "the epochs are above 0");
        Require(_options.WarmupSteps is null or >= 0, "the warm-up has 0 steps or more");
        Require(_options.WarmupShare is null or (>= 0 and <= 1), "the warm-up is a share of all steps, from 0 to 1");
        Require(_options.BatchSize > 0 && _options.Accumulation > 0, "batch and accumulation are 1 or more");
        Require(
            (long)ContextLength * _options.BatchSize <= MostBatchTokens,
            $"a batch has at most {MostBatchTokens} tokens");
        Require(ContextLength is >= 2, "the context has at least 2 positions");
        Require(
            ContextLength <= _model.ContextLength, $"the context is no longer than the model's {_model.ContextLength}");
    }

    private TrainingSettings Settings()
    {
        LearningRateSchedule schedule =
            LearningRateSchedules.All.FirstOrDefault(candidate => candidate.Name == _options.Schedule)
            ?? throw new TrainingException(
                $"the schedule is one of {string.Join(", ", LearningRateSchedules.All.Select(known => known.Name))}, " +
                $"not '{_options.Schedule}'");
        OptimiserKind optimiser = OptimiserKinds.All.FirstOrDefault(candidate => candidate.Name == _options.Optimiser)
            ?? throw new TrainingException(
                $"the optimiser is one of {string.Join(", ", OptimiserKinds.All.Select(known => known.Name))}, " +
                $"not '{_options.Optimiser}'");
        TrainingSettings defaults = new() { StepCount = 0 };
        return defaults with
        {
            LearningRate = _options.LearningRate,
            LoraPlusRatio = _options.LoraPlusRatio,
            Schedule = schedule,
            OptimiserKind = optimiser,
            Optimiser = defaults.Optimiser with
            {
                Beta2 = _options.Beta2,
                WeightDecay = _options.WeightDecay,
            },
            ClipNorm = _options.ClipNorm,
            DropoutRate = _options.Dropout,
            Seed = _options.Seed,
        };
    }

    private static void Require(bool isMet, string rule)
    {
        if (!isMet)
        {
            throw new TrainingException(rule);
        }
    }

    private TrainingSettings WithSteps(TrainingSettings settings, BatchPlan batches)
    {
        long stepCount = _options.Steps
            ?? Math.Max(1, checked((long)Math.Ceiling(_options.Epochs * batches.StepsPerEpoch)));
        return settings with
        {
            StepCount = stepCount,
            WarmupCount = WarmupCount(stepCount),
        };
    }

    private long WarmupCount(long stepCount)
    {
        double? share = _options.WarmupShare ?? (_options.WarmupSteps is null ? DefaultWarmupShare : null);
        long most = share is { } given ? (long)Math.Ceiling(given * stepCount) : stepCount;
        return Math.Min(_options.WarmupSteps ?? most, most);
    }

    private TrainingData ReadData(string path, out PromptEncoder? prompts, out ChatTemplate? template)
    {
        Dataset dataset = Dataset.Read(path, _options.Format);
        DatasetFormat format = dataset.Format;
        Require(
            format.HasConversations || _options.Template is null,
            $"{path} is read as {format.Name}, to which no template applies: leave out '{_options.Template}'");
        template = format.HasConversations
            ? ChatTemplates.Resolve(
                _options.Template ?? _options.RecipeTemplate, _model.ChatTemplate, _model.Tokenizer.Vocabulary)
            : null;
        prompts = template is null ? null : new PromptEncoder(_model.Tokenizer, template);
        return DatasetEncoder.Encode(
            dataset,
            _model.Tokenizer,
            prompts,
            ContextLength,
            new DataUse
            {
                LearnsInputs = _options.LearnsInputs,
                ValidationShare = _options.ValidationShare,
                ValidationCount = _options.ValidationCount,
            },
            _progress.OnRecord,
            _cancellation);
    }

    private TuneReport Train(Trainer trainer, TunePlan plan, BatchPlan batches)
    {
        long start = Stopwatch.GetTimestamp();
        double? before = Validate(trainer, plan);
        double? after = before;
        double firstLoss = double.NaN;
        double lastLoss = double.NaN;
        long tokenCount = 0;
        long validated = 0;
        while (trainer.StepsDone < plan.StepCount && !_cancellation.IsCancellationRequested)
        {
            TrainingStep step = trainer.Step(batches.Step(trainer.StepsDone));
            firstLoss = step.Number == 1 ? step.Loss : firstLoss;
            lastLoss = step.Loss;
            tokenCount += step.TokenCount;
            _progress.OnStep?.Invoke(step);
            bool isDue = step.Number * ValidationCount / plan.StepCount > validated * ValidationCount / plan.StepCount;
            if (isDue)
            {
                after = Validate(trainer, plan);
                validated = step.Number;
            }
        }

        if (trainer.StepsDone == 0)
        {
            _cancellation.ThrowIfCancellationRequested();
        }

        // A run that was stopped between measurements has none of what it wrote.
        return new TuneReport(
            plan,
            trainer.StepsDone,
            firstLoss,
            lastLoss,
            before,
            validated == trainer.StepsDone ? after : null,
            tokenCount,
            Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private double? Validate(Trainer trainer, TunePlan plan)
    {
        if (plan.Data.Validation.Sequences.Count == 0 || _cancellation.IsCancellationRequested)
        {
            return null;
        }

        try
        {
            double loss = trainer.Validate(plan.Data.Validation.Sequences, _cancellation);
            _progress.OnValidation?.Invoke(trainer.StepsDone, loss);
            return loss;
        }
        catch (OperationCanceledException)
        {
            // A measurement that is broken off is no measurement; what was learnt is kept.
            return null;
        }
    }
}
