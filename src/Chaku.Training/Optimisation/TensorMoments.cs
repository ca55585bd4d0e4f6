using Chaku.Kernels.Ops;
using Chaku.Training.Gradients;
using Chaku.Training.Runs;

namespace Chaku.Training.Optimisation;

/// <summary>The optimiser's running means of one tensor's gradient.</summary>
internal abstract class TensorMoments
{
    /// <summary>Bytes held.</summary>
    public abstract long ByteLength { get; }

    /// <summary>All that a checkpoint has to keep of it.</summary>
    public abstract IReadOnlyList<SavedTensor> Saved { get; }

    /// <summary>One step of the optimiser.</summary>
    /// <param name="optimiser">Its constants.</param>
    /// <param name="learningRate">This step's.</param>
    /// <param name="step">Counted from 1.</param>
    /// <param name="gradientScale">Clipping.</param>
    public abstract void Update(AdamW optimiser, double learningRate, long step, float gradientScale);
}

/// <summary>Means in float32.</summary>
internal sealed class SingleMoments(TrainedTensor tensor) : TensorMoments
{
    private readonly float[] _mean = new float[tensor.Length];
    private readonly float[] _meanSquare = new float[tensor.Length];

    /// <inheritdoc/>
    public override long ByteLength => 2L * sizeof(float) * tensor.Length;

    /// <inheritdoc/>
    public override IReadOnlyList<SavedTensor> Saved =>
    [
        SavedTensor.Of("mean." + tensor.Name, _mean),
        SavedTensor.Of("mean_square." + tensor.Name, _meanSquare),
    ];

    /// <inheritdoc/>
    public override void Update(AdamW optimiser, double learningRate, long step, float gradientScale) =>
        optimiser.Step(
            learningRate * tensor.RateFactor,
            step,
            gradientScale,
            tensor.Gradient,
            tensor.Values,
            _mean,
            _meanSquare);
}

/// <summary>
/// Means in a byte each, in blocks with a scale of their own: a quarter of the memory. A step itself is computed in
/// float32.
/// </summary>
/// <remarks>
/// Kept are the codes of m and of √v. The source keeps v, whose small values round to 0 sooner than those of m, and
/// then nothing holds m / √v down; √v has the same range as m. Source: arXiv:2110.02861.
/// </remarks>
internal sealed class ByteMoments(TrainedTensor tensor) : TensorMoments
{
    private readonly byte[] _means = Zeros(tensor.Length);
    private readonly byte[] _roots = new byte[tensor.Length];
    private readonly float[] _meanScales = new float[DynamicCodes.BlockCount(tensor.Length)];
    private readonly float[] _rootScales = new float[DynamicCodes.BlockCount(tensor.Length)];

    /// <inheritdoc/>
    public override long ByteLength => (2L * tensor.Length) + (2L * sizeof(float) * _meanScales.Length);

    /// <inheritdoc/>
    public override IReadOnlyList<SavedTensor> Saved =>
    [
        SavedTensor.Of("mean_codes." + tensor.Name, _means),
        SavedTensor.Of("mean_scales." + tensor.Name, _meanScales),
        SavedTensor.Of("root_codes." + tensor.Name, _roots),
        SavedTensor.Of("root_scales." + tensor.Name, _rootScales),
    ];

    /// <inheritdoc/>
    public override void Update(AdamW optimiser, double learningRate, long step, float gradientScale)
    {
        Span<float> means = stackalloc float[DynamicCodes.BlockLength];
        Span<float> squares = stackalloc float[DynamicCodes.BlockLength];
        ReadOnlySpan<float> gradient = tensor.Gradient;
        Span<float> values = tensor.Values;
        for (int block = 0; block < _meanScales.Length; block++)
        {
            int start = block * DynamicCodes.BlockLength;
            int length = Math.Min(DynamicCodes.BlockLength, values.Length - start);
            Span<float> mean = means[..length];
            Span<float> square = squares[..length];
            DynamicCodes.Signed.Decode(_means.AsSpan(start, length), _meanScales[block], mean);
            DynamicCodes.Unsigned.Decode(_roots.AsSpan(start, length), _rootScales[block], square);
            foreach (ref float value in square)
            {
                value *= value;
            }

            optimiser.Step(
                learningRate * tensor.RateFactor,
                step,
                gradientScale,
                gradient.Slice(start, length),
                values.Slice(start, length),
                mean,
                square);
            foreach (ref float value in square)
            {
                value = MathF.Sqrt(value);
            }

            _meanScales[block] = DynamicCodes.Signed.Encode(mean, _means.AsSpan(start, length));
            _rootScales[block] = DynamicCodes.Unsigned.Encode(square, _roots.AsSpan(start, length));
        }
    }

    // Their scale of 0 makes any code a zero; the code of zero is what a step would write.
    private static byte[] Zeros(int length)
    {
        byte[] codes = new byte[length];
        codes.AsSpan().Fill((byte)DynamicCodes.Signed.Values.IndexOf(0f));
        return codes;
    }
}
