namespace Chaku.Model.Files;

/// <summary>
/// What a state dict's pickle asks for. Each returns null where the arguments are not as PyTorch writes them.
/// </summary>
/// <remarks>
/// Source: the arguments that <c>torch/_tensor.py</c> and <c>torch/nn/parameter.py</c> of PyTorch 1.13 and 2.5 reduce
/// to, and <c>torch/serialization.py</c>.
/// </remarks>
internal static class PyTorchTensors
{
    private const int MaximumDimensionCount = 64;

    /// <summary>An ordered dictionary, which a pickle fills later.</summary>
    public static object? EmptyDictionary(IReadOnlyList<object?> arguments) =>
        arguments.Count == 0 ? new PickleDictionary() : null;

    /// <summary>A shape: the tuple itself.</summary>
    public static object? Size(IReadOnlyList<object?> arguments) => arguments is [PickleTuple shape] ? shape : null;

    /// <summary>A parameter: its tensor. Whether it is trained says nothing here.</summary>
    public static object? Parameter(IReadOnlyList<object?> arguments) =>
        arguments is [FileTensor tensor, bool, PickleDictionary { Entries.Count: 0 }] ? tensor : null;

    /// <summary>A view of a storage.</summary>
    public static object? Tensor(IReadOnlyList<object?> arguments)
    {
        // A seventh argument has bits that change what the elements mean (negated, conjugate), if any.
        bool isPlain = arguments.Count == 6
            || (arguments.Count == 7 && arguments[6] is null or PickleDictionary { Entries.Count: 0 });
        return isPlain
            && arguments is
            [
                PyTorchStorage storage, long offset, PickleTuple size, PickleTuple stride, bool,
                PickleDictionary { Entries.Count: 0 }, ..
            ]
            && size.Integers() is { Length: <= MaximumDimensionCount } shape
            && stride.Integers() is { } strides && strides.Length == shape.Length
            ? View(storage, offset, shape, strides)
            : null;
    }

    private static FileTensor? View(PyTorchStorage storage, long offset, long[] shape, long[] strides)
    {
        if (offset < 0 || shape.Any(length => length < 0) || strides.Any(stride => stride < 0))
        {
            return null;
        }

        // A view within its storage has at most as many elements, but for repeated ones, which no weights have. The
        // sums are held at 2⁶⁴, above any storage, so that they never wrap.
        UInt128 count = 1;
        UInt128 last = (UInt128)offset;
        for (int i = 0; i < shape.Length; i++)
        {
            count = shape[i] == 0 ? 0 : UInt128.Min(count * (UInt128)shape[i], ulong.MaxValue);
            last += shape[i] == 0 ? 0 : (UInt128)(shape[i] - 1) * (UInt128)strides[i];
            last = UInt128.Min(last, ulong.MaxValue);
        }

        bool isEmpty = shape.Contains(0);
        UInt128 available = (UInt128)storage.ElementCount;
        if (isEmpty ? (UInt128)offset > available : last >= available || count > available)
        {
            return null;
        }

        int elementByteLength = ElementTypes.ByteLength(storage.DataType);
        long elements = isEmpty ? 0 : (long)count;
        return new FileTensor(
            "",
            storage.DataType,
            shape,
            storage.Record.Offset + (offset * elementByteLength),
            elements * elementByteLength,
            elements)
        {
            Strides = isEmpty || IsInOrder(shape, strides) ? null : strides,
        };
    }

    private static bool IsInOrder(long[] shape, long[] strides)
    {
        long expected = 1;
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            if (shape[i] != 1 && strides[i] != expected)
            {
                return false;
            }

            expected *= shape[i];
        }

        return true;
    }
}
