using Chaku.Model;
using Chaku.Model.Decoding;
using Chaku.Training.Gradients;
using Chaku.Training.Optimisation;

namespace Chaku.Training.Estimation;

/// <summary>How much memory a run will hold, and whether layers have to be computed again for it.</summary>
internal sealed class MemoryPlan
{
    /// <summary>The share of what is there up to which layers are kept: estimates are not exact.</summary>
    public const double ComfortableShare = 0.9;

    // What a program's code and heap grow by while it trains.
    private const long ProgramGrowthBytes = 14L << 20;

    private readonly LanguageModel _model;

    /// <summary>A plan for a model that is loaded, with its data read, and nothing else taken yet.</summary>
    /// <param name="model">The model.</param>
    /// <param name="heldBytes">What is already held of what is trained.</param>
    public MemoryPlan(LanguageModel model, long heldBytes)
    {
        _model = model;
        ProcessMemory now = ProcessMemory.Read();
        long ofModel = ProcessMemory.ResidentOf(model.Path) + CopiedBytes(model);
        ProgramBytes = Math.Max(0, now.ResidentBytes - ofModel - heldBytes) + ProgramGrowthBytes;
        PeakBeforeBytes = now.PeakBytes;
        AvailableBytes = AvailableMemory.Read(now.OwnBytes);
    }

    /// <summary>What the process may hold in all.</summary>
    public long AvailableBytes { get; init; }

    /// <summary>What the program itself will hold, with the data.</summary>
    public long ProgramBytes { get; init; }

    /// <summary>The most that the process has held until now.</summary>
    public long PeakBeforeBytes { get; init; }

    /// <summary>What a run will hold.</summary>
    public MemoryEstimate Estimate(TrainingShape shape)
    {
        StepMemory step = new(_model.Decoder, shape);
        long weights = shape.IsFull ? sizeof(float) * WeightCount(_model) : CopiedBytes(_model);
        return new MemoryEstimate
        {
            ModelBytes = _model.Source.Content.Tensors.Sum(tensor => tensor.ByteLength) + weights,
            TrainedBytes = (shape.IsFull ? 1 : 2) * sizeof(float) * shape.ParameterCount,
            OptimiserBytes = (long)(BytesPerNumber(shape.Optimiser) * shape.ParameterCount),
            ActivationBytes = step.ActivationBytes,
            BufferBytes = step.BufferBytes,
            LogitBytes = step.LogitBytes,
            CacheBytes = step.CacheBytes,
            ProgramBytes = ProgramBytes,
            PeakBeforeBytes = PeakBeforeBytes,
        };
    }

    /// <summary>The shape with gradient checkpointing where it is on, or where memory asks for it.</summary>
    public TrainingShape Fit(TrainingShape shape, GradientCheckpointing checkpointing) => shape with
    {
        UsesGradientCheckpointing = checkpointing == GradientCheckpointing.On
            || (checkpointing == GradientCheckpointing.Auto
                && Estimate(shape with { UsesGradientCheckpointing = false }).TotalBytes
                    > ComfortableShare * AvailableBytes),
    };

    /// <summary>Whether a run fits.</summary>
    public bool Fits(TrainingShape shape) => Estimate(shape).TotalBytes <= AvailableBytes;

    /// <summary>Numbers in all weights.</summary>
    public static long WeightCount(LanguageModel model) => WeightList.Of(model.Decoder.Weights).Sum(
        tensor => tensor.Matrix is { } matrix ? (long)matrix.Rows * matrix.Columns : tensor.Vector.Length);

    // Weights in memory of their own, beside the file's pages.
    private static long CopiedBytes(LanguageModel model) => model.Options.HoldsSingles
        ? sizeof(float) * WeightCount(model)
        : model.CopiedByteLength + model.RepackedByteLength;

    private static double BytesPerNumber(OptimiserKind kind)
    {
        const int SampleLength = 1 << 16;
        using TrainedTensor sample = new("sample", new float[SampleLength]);
        return (double)kind.CreateMoments(sample).ByteLength / SampleLength;
    }
}
