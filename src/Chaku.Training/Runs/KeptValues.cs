using Chaku.Kernels.Memory;
using Chaku.Training.Gradients;

namespace Chaku.Training.Runs;

/// <summary>A copy of what is trained, as it was behind a step; memory for it is taken with the first.</summary>
/// <param name="tensors">What is trained.</param>
internal sealed class KeptValues(IReadOnlyList<TrainedTensor> tensors) : IDisposable
{
    private NativeBuffer[] _copies = [];

    /// <summary>What a checkpoint has to keep of it, once there is a copy.</summary>
    public IReadOnlyList<SavedTensor> Saved
    {
        get
        {
            Allocate();
            return [.. tensors.Select((tensor, i) =>
                SavedTensor.OfSingles("kept." + tensor.Name, tensor.Length, () => Copy(i)))];
        }
    }

    /// <summary>Copies the values as they are now.</summary>
    public void Take()
    {
        Allocate();
        for (int i = 0; i < tensors.Count; i++)
        {
            tensors[i].Values.CopyTo(Copy(i));
        }
    }

    /// <summary>Lets values and copy change places; twice is not at all.</summary>
    public void Exchange()
    {
        for (int i = 0; i < tensors.Count; i++)
        {
            Span<float> values = tensors[i].Values;
            Span<float> copy = Copy(i);
            for (int number = 0; number < values.Length; number++)
            {
                (values[number], copy[number]) = (copy[number], values[number]);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(_copies, copy => copy.Dispose());

    private Span<float> Copy(int number) => _copies[number].Span<float>(0, tensors[number].Length);

    private void Allocate()
    {
        if (_copies.Length == 0)
        {
            _copies = [.. tensors.Select(tensor => new NativeBuffer((long)tensor.Length * sizeof(float)))];
        }
    }
}
