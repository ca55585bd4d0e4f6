namespace Chaku.Model.Files;

/// <summary>Copies a tensor whose elements do not lie one after the other into the order of its shape.</summary>
internal static class StridedElements
{
    /// <summary>Copies some elements, in the order of the shape.</summary>
    /// <param name="file">The file.</param>
    /// <param name="tensor">A tensor with strides; its places were checked when it was read.</param>
    /// <param name="first">The first element, counted in the order of the shape.</param>
    /// <param name="bytes">Receives whole elements.</param>
    public static void Copy(MappedFile file, FileTensor tensor, long first, Span<byte> bytes)
    {
        int elementByteLength = ElementTypes.ByteLength(tensor.DataType);
        IReadOnlyList<long> strides = tensor.Strides!;
        long[] at = new long[tensor.Shape.Count];
        long place = 0;
        for (int dimension = at.Length - 1; dimension >= 0; dimension--)
        {
            (first, at[dimension]) = Math.DivRem(first, tensor.Shape[dimension]);
            place += at[dimension] * strides[dimension];
        }

        for (int done = 0; done < bytes.Length; done += elementByteLength)
        {
            file.Span(tensor.Offset + (place * elementByteLength), elementByteLength).CopyTo(bytes[done..]);
            place += Advance(at, tensor.Shape, strides);
        }
    }

    /// <summary>Steps to the next element, and tells how far it is in the file.</summary>
    private static long Advance(long[] at, IReadOnlyList<long> shape, IReadOnlyList<long> strides)
    {
        long distance = 0;
        for (int dimension = at.Length - 1; dimension >= 0; dimension--)
        {
            if (++at[dimension] < shape[dimension])
            {
                return distance + strides[dimension];
            }

            distance -= (shape[dimension] - 1) * strides[dimension];
            at[dimension] = 0;
        }

        return distance;
    }
}
