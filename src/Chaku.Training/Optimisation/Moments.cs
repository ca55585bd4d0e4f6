using Chaku.Kernels.Ops;
using Chaku.Training.Gradients;
using Chaku.Training.Runs;

namespace Chaku.Training.Optimisation;

/// <summary>The optimiser's running means of all gradients.</summary>
internal sealed class Moments
{
    private readonly TensorMoments[] _moments;

    /// <summary>Moments that are zero.</summary>
    /// <param name="gradients">What is trained.</param>
    /// <param name="kind">How they are kept.</param>
    public Moments(GradientSet gradients, OptimiserKind kind) =>
        _moments = [.. gradients.Tensors.Select(kind.CreateMoments)];

    /// <summary>Bytes held.</summary>
    public long ByteLength => _moments.Sum(moments => moments.ByteLength);

    /// <summary>All that a checkpoint has to keep of them.</summary>
    public IEnumerable<SavedTensor> Saved => _moments.SelectMany(moments => moments.Saved);

    /// <summary>One step of the optimiser.</summary>
    /// <param name="optimiser">Its constants.</param>
    /// <param name="learningRate">This step's.</param>
    /// <param name="step">Counted from 1.</param>
    /// <param name="gradientScale">Clipping.</param>
    public void Update(AdamW optimiser, double learningRate, long step, float gradientScale)
    {
        foreach (TensorMoments moments in _moments)
        {
            moments.Update(optimiser, learningRate, step, gradientScale);
        }
    }
}
