using Chaku.Kernels.Formats;
using Chaku.Kernels.Memory;
using Chaku.Kernels.Threading;
using Chaku.Model.Files;

namespace Chaku.Model.Conversion;

/// <summary>Makes the tensors of a file that is written, counts their bytes, and stops where it is told to.</summary>
/// <param name="pool">Threads.</param>
/// <param name="progress">Told, after each chunk, the bytes done and the bytes in all; may be null.</param>
/// <param name="cancellation">Looked at after each chunk.</param>
internal sealed class ConversionWork(ComputePool pool, Action<long, long>? progress, CancellationToken cancellation)
{
    private long _all;
    private long _done;

    /// <summary>A tensor of one matrix, or of one after the other.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="dimensions">Its lengths, in the order of the file that is written.</param>
    /// <param name="target">The format that is written.</param>
    /// <param name="matrices">The weights, read where they lie.</param>
    /// <param name="order">The source's row that each written row is; null where they are the same.</param>
    /// <param name="isTransposed">Whether the source's columns are the written rows.</param>
    public TensorSource Matrices(
        string name,
        IReadOnlyList<long> dimensions,
        TensorFormat target,
        IReadOnlyList<WeightMatrix> matrices,
        int[]? order = null,
        bool isTransposed = false) => Counted(new TensorSource(name, target, dimensions, stream =>
    {
        try
        {
            foreach (WeightMatrix matrix in matrices)
            {
                new MatrixCopy(matrix, target, order, isTransposed).WriteTo(stream, pool, Report);
            }
        }
        catch (OverflowException exception)
        {
            throw new InvalidDataException(
                $"{ModelFormatException.Quote(name)} cannot be written as {target}: {exception.Message}; "
                + "--type bf16 or f32 holds it",
                exception);
        }
    }));

    /// <summary>A tensor of float32.</summary>
    public TensorSource Vector(string name, IReadOnlyList<float> values)
    {
        float[] weights = [.. values];
        TensorSource source = TensorSource.FromSingles(name, [weights.Length], weights);
        return Counted(source with
        {
            Write = stream =>
            {
                source.Write(stream);
                Report(weights.Length * sizeof(float));
            },
        });
    }

    private TensorSource Counted(TensorSource source)
    {
        _all = checked(_all + source.ByteLength);
        return source;
    }

    private void Report(int byteLength)
    {
        _done += byteLength;
        progress?.Invoke(_done, _all);
        cancellation.ThrowIfCancellationRequested();
    }
}
