using Chaku.Kernels.Memory;
using Chaku.Kernels.Ops;
using Chaku.Model.Decoding;

namespace Chaku.Training.Gradients;

/// <summary>All that one run trains, with its gradients: the backward asks it what to compute.</summary>
internal abstract class GradientSet : IDisposable
{
    // Longer sums of float32 would lose digits.
    private const int NormChunk = 4096;

    private readonly List<TrainedTensor> _tensors = [];

    /// <summary>Everything trained, in the order in which the optimiser goes through it.</summary>
    public IReadOnlyList<TrainedTensor> Tensors => _tensors;

    /// <summary>The gradients of an adapter's factors for a linear layer; null where it has none.</summary>
    public virtual FactorGradients? For(Linear linear) => null;

    /// <summary>Whether the token embedding is trained, so that the gradient has to reach it.</summary>
    public virtual bool HasEmbedding => false;

    /// <summary>A matrix's part in this; null where it is frozen.</summary>
    public virtual TrainedTensor? Of(WeightMatrix matrix) => null;

    /// <summary>A vector's part in this; null where it is frozen, or there is no vector.</summary>
    public virtual TrainedTensor? Of(float[]? vector) => null;

    /// <summary>Forgets what was computed of the trained numbers: they may have changed.</summary>
    public virtual void Refresh()
    {
    }

    /// <summary>Sets all gradients to zero.</summary>
    public void Clear()
    {
        foreach (TrainedTensor tensor in _tensors)
        {
            tensor.Gradient.Clear();
        }
    }

    /// <summary>√Σ g², summed in chunks of fixed length, tensor after tensor.</summary>
    public double Norm()
    {
        double sum = 0;
        foreach (TrainedTensor tensor in _tensors)
        {
            ReadOnlySpan<float> gradient = tensor.Gradient;
            for (int start = 0; start < gradient.Length; start += NormChunk)
            {
                ReadOnlySpan<float> chunk = gradient.Slice(start, Math.Min(NormChunk, gradient.Length - start));
                sum += VectorMath.Dot(chunk, chunk);
            }
        }

        return Math.Sqrt(sum);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (TrainedTensor tensor in _tensors)
        {
            tensor.Dispose();
        }
    }

    /// <summary>Adds a tensor behind the others.</summary>
    protected TrainedTensor Add(TrainedTensor tensor)
    {
        _tensors.Add(tensor);
        return tensor;
    }
}
