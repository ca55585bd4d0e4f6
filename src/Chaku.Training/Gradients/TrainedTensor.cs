using Chaku.Kernels.Memory;
using Chaku.Training.Runs;

namespace Chaku.Training.Gradients;

/// <summary>Numbers that are trained, and their gradient.</summary>
internal sealed class TrainedTensor : IDisposable
{
    private readonly WeightMatrix? _matrix;
    private readonly float[] _array = [];
    private readonly NativeBuffer _gradient;

    /// <summary>A float32 matrix of its own, with a gradient of zero.</summary>
    public TrainedTensor(string name, WeightMatrix matrix)
    {
        Name = name;
        _matrix = matrix;
        _gradient = new NativeBuffer((long)Length * sizeof(float));
    }

    /// <summary>A vector, with a gradient of zero.</summary>
    public TrainedTensor(string name, float[] vector)
    {
        Name = name;
        _array = vector;
        _gradient = new NativeBuffer((long)Length * sizeof(float));
    }

    /// <summary>What it is called, for messages and files.</summary>
    public string Name { get; }

    /// <summary>How many numbers.</summary>
    public int Length => _matrix is null ? _array.Length : checked(_matrix.Rows * _matrix.Columns);

    /// <summary>The numbers; to be written by the optimiser.</summary>
    public Span<float> Values => _matrix is null ? _array : _matrix.WritableSingles;

    /// <summary>Their gradient, which the backward adds to.</summary>
    public Span<float> Gradient => _gradient.Span<float>(0, Length);

    /// <summary>What a checkpoint has to keep of it.</summary>
    public SavedTensor Saved => SavedTensor.OfSingles("value." + Name, Length, () => Values);

    /// <summary>What the learning rate is multiplied with for it.</summary>
    public double RateFactor { get; init; } = 1;

    /// <inheritdoc/>
    public void Dispose() => _gradient.Dispose();
}
