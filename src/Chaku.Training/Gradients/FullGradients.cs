using Chaku.Kernels.Memory;
using Chaku.Model.Decoding;

namespace Chaku.Training.Gradients;

/// <summary>The gradients of all weights of a decoder, which holds them as float32 in memory.</summary>
internal sealed class FullGradients : GradientSet
{
    private readonly Dictionary<object, TrainedTensor> _byPlace = new(ReferenceEqualityComparer.Instance);

    /// <summary>Zero gradients for every tensor.</summary>
    public FullGradients(Decoder decoder)
    {
        foreach (NamedWeights tensor in WeightList.Of(decoder.Weights))
        {
            if (tensor.Matrix is { } matrix)
            {
                _byPlace.Add(matrix, Add(new TrainedTensor(tensor.Name, matrix)));
            }
            else
            {
                _byPlace.Add(tensor.Vector, Add(new TrainedTensor(tensor.Name, tensor.Vector)));
            }
        }
    }

    /// <inheritdoc/>
    public override bool HasEmbedding => true;

    /// <inheritdoc/>
    public override TrainedTensor? Of(WeightMatrix matrix) => _byPlace[matrix];

    /// <inheritdoc/>
    public override TrainedTensor? Of(float[]? vector) => vector is { Length: > 0 } ? _byPlace[vector] : null;
}
