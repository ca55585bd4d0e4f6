using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Model.Families;
using Chaku.Training.Optimisation;

namespace Chaku.Training;

/// <summary>What a tuning run trains and writes: an adapter, or the whole model.</summary>
internal abstract class TuningTarget
{
    /// <summary>Tensors that are changed.</summary>
    public abstract int MatrixCount { get; }

    /// <summary>Numbers that are trained.</summary>
    public abstract long ParameterCount { get; }

    /// <summary>The target that options ask for, before its first step.</summary>
    /// <exception cref="AdapterException">An adapter's setting cannot be, or a target names nothing.</exception>
    /// <exception cref="TrainingException">The base cannot be trained whole.</exception>
    public static TuningTarget Create(LanguageModel model, TuneOptions options) =>
        options.IsFull ? new FullTarget(model) : new AdapterTarget(model, options);

    /// <summary>Refuses, before work is spent, a place that could not be written.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public abstract void RequireWritable(string path);

    /// <summary>The files that <see cref="Write"/> writes.</summary>
    public abstract IReadOnlyList<string> FilesOf(string path);

    /// <summary>A trainer before its first step.</summary>
    /// <param name="settings">What the optimiser does.</param>
    /// <param name="tokenCapacity">Tokens of a micro-batch at most.</param>
    /// <param name="sequenceCapacity">Sequences of a micro-batch at most.</param>
    public abstract Trainer CreateTrainer(TrainingSettings settings, int tokenCapacity, int sequenceCapacity);

    /// <summary>Writes what was learnt, whole or not at all.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public abstract void Write(string path, AdapterOrigin origin);
}

/// <summary>An adapter, written as a folder in PEFT's format.</summary>
internal sealed class AdapterTarget : TuningTarget
{
    private readonly LanguageModel _model;
    private readonly AdaptableLinears _linears;
    private readonly LoraAdapter _adapter;

    /// <summary>An adapter that changes nothing yet.</summary>
    public AdapterTarget(LanguageModel model, TuneOptions options)
    {
        _model = model;
        _linears = AdaptableLinears.Of(model);
        _adapter = LoraAdapter.Create(_linears, options.Targets, options.Adapter, options.Seed);
    }

    /// <inheritdoc/>
    public override int MatrixCount => _adapter.Factors.Count;

    /// <inheritdoc/>
    public override long ParameterCount => _adapter.Factors.Values.Sum(pair => pair.ParameterCount);

    /// <inheritdoc/>
    public override void RequireWritable(string path) => PeftWriter.RequireWritable(path);

    /// <inheritdoc/>
    public override IReadOnlyList<string> FilesOf(string path) =>
        [Path.Combine(path, PeftFolder.ConfigName), Path.Combine(path, PeftFolder.WeightsName)];

    /// <inheritdoc/>
    public override Trainer CreateTrainer(TrainingSettings settings, int tokenCapacity, int sequenceCapacity) =>
        new(_model.Decoder, _model.Bind(_adapter), settings, tokenCapacity, sequenceCapacity);

    /// <inheritdoc/>
    public override void Write(string path, AdapterOrigin origin) =>
        PeftWriter.Write(path, new LoraAdapter(_adapter.Factors, _adapter.Settings, origin), _linears);
}

/// <summary>All weights of a model, written as a GGUF file in float32.</summary>
internal sealed class FullTarget : TuningTarget
{
    private readonly LanguageModel _model;
    private readonly GgufSource _source;

    /// <summary>A model that holds its weights as float32 in memory.</summary>
    public FullTarget(LanguageModel model)
    {
        _model = model;
        _source = model.Source as GgufSource ?? throw new TrainingException(
            $"{model.Path} is no GGUF file: a model that is trained whole is written as one, with its metadata");
        if (!model.Options.HoldsSingles)
        {
            throw new TrainingException("a model that is trained whole holds its weights as float32 in memory");
        }

        ParameterCount = Model.Decoding.WeightList.Of(model.Decoder.Weights).Sum(
            tensor => tensor.Matrix is { } matrix ? (long)matrix.Rows * matrix.Columns : tensor.Vector.Length);
        MatrixCount = Model.Decoding.WeightList.Of(model.Decoder.Weights).Count();
    }

    /// <inheritdoc/>
    public override int MatrixCount { get; }

    /// <inheritdoc/>
    public override long ParameterCount { get; }

    /// <inheritdoc/>
    public override void RequireWritable(string path)
    {
        string full = Path.GetFullPath(path);
        if (Directory.Exists(full))
        {
            throw new IOException($"{path} is a folder: a model that is trained whole is written as a file");
        }

        if (full == Path.GetFullPath(_model.Path))
        {
            throw new IOException($"{path} is the base itself, which is not changed");
        }

        PeftWriter.RequireWritable(Path.GetDirectoryName(full)!);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> FilesOf(string path) => [path];

    /// <inheritdoc/>
    public override Trainer CreateTrainer(TrainingSettings settings, int tokenCapacity, int sequenceCapacity) =>
        new(_model.Decoder, settings, tokenCapacity, sequenceCapacity);

    /// <inheritdoc/>
    public override void Write(string path, AdapterOrigin origin)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        GgufModelWriter.Write(path, _source, _model.Decoder.Weights, origin.ToMetadata());
    }
}
