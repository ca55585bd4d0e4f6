using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Model.Files;
using Chaku.Model.Templates;
using Chaku.Training.Datasets;
using Chaku.Training.Estimation;
using Chaku.Training.Optimisation;
using Chaku.Training.Runs;

namespace Chaku.Training;

/// <summary>One tuning run: data and base in, adapter or model out.</summary>
internal sealed class Tuning
{
    /// <summary>Tokens of a sequence at most, where nobody says otherwise and the model has no fewer.</summary>
    public const int LongestDefaultContext = 512;

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

    private int ContextLength => ContextLengthOf(_model, _options);

    /// <summary>Tokens of a sequence at most.</summary>
    public static int ContextLengthOf(LanguageModel model, TuneOptions options) =>
        options.ContextLength ?? Math.Min(model.ContextLength, LongestDefaultContext);

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
    /// <param name="cancellation">
    /// Ends the run after the current step; what was learnt until then is written, and a checkpoint with it.
    /// </param>
    /// <exception cref="TrainingException">
    /// An option cannot be, the loss is no number, or the place has a checkpoint of a run that was broken off.
    /// </exception>
    /// <exception cref="DivergedException">The loss left all bounds; what was good before is written.</exception>
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
        return tuning.Run(dataPath, outputPath, resumes: false)!;
    }

    /// <summary>
    /// Begins a run, or goes on with the one that was broken off there, to the same bytes as if it never had been.
    /// </summary>
    /// <returns>What the run did; null where its result was there already, and nothing was done.</returns>
    /// <exception cref="TrainingException">
    /// The same, or the checkpoint or the output there is damaged or of another run.
    /// </exception>
    /// <inheritdoc cref="Run(LanguageModel, string, string, TuneOptions, TuneProgress?, CancellationToken)"/>
    public static TuneReport? Resume(
        LanguageModel model,
        string dataPath,
        string outputPath,
        TuneOptions options,
        TuneProgress? progress = null,
        CancellationToken cancellation = default)
    {
        TuneSettings.Require(!options.Checkpoints.Restarts, "a run goes on or begins again, not both");
        Tuning tuning = new(model, options, progress ?? new TuneProgress(), cancellation);
        return tuning.Run(dataPath, outputPath, resumes: true);
    }

    private TuneReport? Run(string dataPath, string outputPath, bool resumes)
    {
        TuneSettings.Check(_options, _model, ContextLength);
        RunFiles files = RunFiles.Of(outputPath, _options.IsFull);
        if (!resumes && !_options.Checkpoints.Restarts)
        {
            EarlierRun.RequireNone(files);
        }

        Preparation prepared = Prepare(dataPath, outputPath);
        using RunLock only = RunLock.Take(files.Folder);
        TuningResult result = new(
            prepared.Target,
            outputPath,
            files,
            prepared.Origin,
            prepared.Identity,
            _progress.OnWarning ?? (_ => { }));
        result.RemoveLeftovers();
        if (resumes && result.IsThere)
        {
            return null;
        }

        using Checkpoint? checkpoint =
            resumes ? EarlierRun.Find(files, outputPath, _options.IsFull, prepared.Identity) : null;
        using Trainer trainer = prepared.Target.CreateTrainer(
            prepared.Settings, prepared.Batches.TokenCapacity, prepared.Batches.SequenceCapacity);
        TunePlan plan = Plan(prepared, files, trainer, checkpoint?.State.StepsDone ?? 0);
        _progress.OnStart?.Invoke(plan);
        return Train(trainer, plan, prepared.Batches, result, checkpoint);
    }

    // All that is known before anything is written, or found wanting.
    private Preparation Prepare(string dataPath, string outputPath)
    {
        TrainingSettings settings = TuneSettings.Create(_options);
        TuningTarget target = TuningTarget.Create(_model, _options);
        Dataset dataset = Dataset.Read(dataPath, _options.Format);
        TrainingData data = Encode(dataset, out PromptEncoder? prompts, out ChatTemplate? template);
        target.RequireWritable(outputPath);
        AdapterOrigin origin = Origin(dataset, prompts, template);
        BatchPlan batches = new(
            data.Training.Sequences,
            ContextLength,
            _options.BatchSize,
            _options.Accumulation,
            _options.Seed,
            _options.IsPacked);
        settings = TuneSettings.WithSteps(settings, _options, batches);
        TuningEstimate estimate = TuningEstimate.OfMemory(
            _model, _options, target, settings.OptimiserKind, batches, data.Validation);
        settings = settings with { UsesGradientCheckpointing = estimate.UsesGradientCheckpointing };
        RunIdentity identity = TuneIdentity.Of(_model, _options, settings, data, origin, ContextLength);
        origin = origin with { Tuning = identity.Options };

        // What cannot be written is found before work is spent.
        _ = AdapterMetadata.Write(origin with { Run = identity.ToText() });
        return new Preparation(target, settings, data, template, batches, origin, identity, estimate);
    }

    // Its estimate of time is that of what is left to do; it is measured here.
    private TunePlan Plan(Preparation prepared, RunFiles files, Trainer trainer, long stepsDone) => new(
        prepared.Data,
        prepared.Settings.StepCount,
        prepared.Batches.EpochsBefore(prepared.Settings.StepCount),
        prepared.Target.MatrixCount,
        prepared.Target.ParameterCount,
        prepared.Template?.Name)
    {
        Model = _model,
        Files = files,
        IsFull = _options.IsFull,
        Origin = prepared.Origin,
        ContextLength = ContextLength,
        WarmupCount = prepared.Settings.WarmupCount,
        ResumedFrom = stepsDone,
        Estimate = prepared.Estimate.Probed(
            trainer,
            prepared.Batches.Step(0)[0],
            prepared.Settings.OptimiserKind,
            Work(prepared, stepsDone),
            _model.Options.ThreadCount,
            _cancellation),
    };

    // Of a run that goes on, what is left; a checkpoint that is further than the run is refused when it is read.
    private RunWork Work(Preparation prepared, long stepsDone)
    {
        long stepCount = prepared.Settings.StepCount;
        stepsDone = Math.Min(stepsDone, stepCount);
        TrainingData data = prepared.Data;
        int heldOutCount = TuningRun.Marks(stepCount, data, _options).CountAfter(stepsDone);
        double epochs = prepared.Batches.EpochsBefore(stepCount) - prepared.Batches.EpochsBefore(stepsDone);
        return new RunWork(
            epochs * data.Training.TokenCount,
            (double)heldOutCount * data.Validation.TokenCount,
            (double)prepared.Target.ParameterCount * (stepCount - stepsDone));
    }

    private TuneReport Train(
        Trainer trainer, TunePlan plan, BatchPlan batches, TuningResult result, Checkpoint? checkpoint)
    {
        CheckpointWriter checkpoints = result.Checkpoints(_options);
        using TuningRun run = new(trainer, plan, batches, _options, checkpoints, _progress);
        if (checkpoint is null)
        {
            checkpoints.Delete();
        }
        else
        {
            run.Restore(checkpoint);
            checkpoint.Dispose();
            _progress.OnResume?.Invoke(run.State);
        }

        using RunLog log = run.State.StepsDone == 0
            ? RunLog.Begin(plan.Files.Log, plan, result.Warn)
            : RunLog.Continue(plan.Files.Log, plan, run.State, result.Warn);
        RunEnd end = run.Run(log, _cancellation);
        if (run.State.StepsDone == 0)
        {
            throw new OperationCanceledException(_cancellation);
        }

        return result.Finish(run, plan, end, checkpoints);
    }

    // All that will be written beside the numbers; the run's identity has it too. The base is hashed last, which may
    // take long.
    private AdapterOrigin Origin(Dataset dataset, PromptEncoder? prompts, ChatTemplate? template)
    {
        AdapterOrigin origin = RunOrigin.Of(
            _model, _options, dataset, template, prompts, _progress.OnUnknownLicense);
        return origin with
        {
            BaseSha256 = ContentHashCache.ForUser().GetOrCompute(
                _model.Source.Content, _progress.OnHash, _cancellation),
        };
    }

    private TrainingData Encode(Dataset dataset, out PromptEncoder? prompts, out ChatTemplate? template)
    {
        DatasetFormat format = dataset.Format;
        TuneSettings.Require(
            format.HasConversations || _options.Template is null,
            $"{dataset.Path} is read as {format.Name}, to which no template applies: leave out '{_options.Template}'");
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
            _options.Use,
            _progress.OnRecord,
            _cancellation);
    }

    /// <summary>What a run is made of.</summary>
    private sealed record Preparation(
        TuningTarget Target,
        TrainingSettings Settings,
        TrainingData Data,
        ChatTemplate? Template,
        BatchPlan Batches,
        AdapterOrigin Origin,
        RunIdentity Identity,
        TuningEstimate Estimate);
}
