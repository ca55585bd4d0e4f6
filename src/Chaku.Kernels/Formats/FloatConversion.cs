using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Formats;

/// <summary>Rewrites weights of any format as float32, half precision or bfloat16.</summary>
internal static class FloatConversion
{
    private const float LargestHalf = 65504;

    // The first magnitude that rounds to infinity: half a step beyond the largest.
    private const float FirstInfinite = 65520;

    /// <summary>What weights can be rewritten as.</summary>
    public static IReadOnlyList<TensorFormat> Targets { get; } =
        [.. TensorFormats.All.Where(format => format.BlockLength == 1)];

    /// <summary>Rewrites rows; the bits do not depend on the threads.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="source">How the weights are stored.</param>
    /// <param name="blocks">Whole rows as they lie in a file.</param>
    /// <param name="target">One of <see cref="Targets"/>.</param>
    /// <param name="output">Receives the same rows.</param>
    /// <param name="rows">How many they are.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    /// <exception cref="OverflowException">A finite weight is beyond what the target can hold.</exception>
    public static void Convert(
        ComputePool pool,
        TensorFormat source,
        ReadOnlySpan<byte> blocks,
        TensorFormat target,
        Span<byte> output,
        int rows)
    {
        int columns = output.Length / target.BlockByteLength / rows;
        if (source.ByteLength(columns) * rows != blocks.Length || target.ByteLength(columns) * rows != output.Length)
        {
            throw new ArgumentException(
                $"{rows} rows of {columns} weights take {source.ByteLength(columns) * rows} bytes in {source} and "
                + $"{target.ByteLength(columns) * rows} in {target}, got {blocks.Length} and {output.Length}");
        }

        RowConversion work = new(source, blocks, target, output, columns);
        pool.Run(rows, ref work);
    }

    /// <summary>Rounds to the nearest, ties to even.</summary>
    /// <param name="weights">float32.</param>
    /// <param name="target">One of <see cref="Targets"/>.</param>
    /// <param name="output">Receives as many.</param>
    /// <exception cref="OverflowException">A finite weight is beyond what the target can hold.</exception>
    public static void Round(ReadOnlySpan<float> weights, TensorFormat target, Span<byte> output)
    {
        if (target.BlockLength != 1)
        {
            throw new ArgumentException($"weights are rewritten as {string.Join(", ", Targets)}, not as {target}");
        }

        if (target.Name == BlockF16.Name)
        {
            RequireHalves(weights);
        }

        target.Quantise(weights, [], output);
    }

    private static void RequireHalves(ReadOnlySpan<float> weights)
    {
        foreach (float weight in weights)
        {
            if (MathF.Abs(weight) >= FirstInfinite && !float.IsInfinity(weight))
            {
                throw new OverflowException(FormattableString.Invariant(
                    $"a weight of {weight:R} is beyond the largest in half precision, {LargestHalf}"));
            }
        }
    }

    private readonly ref struct RowConversion(
        TensorFormat source, ReadOnlySpan<byte> blocks, TensorFormat target, Span<byte> output, int columns)
        : IParallelWork
    {
        private readonly ReadOnlySpan<byte> _blocks = blocks;
        private readonly Span<byte> _output = output;

        public void Execute(int index, Scratch scratch)
        {
            int sourceLength = (int)source.ByteLength(columns);
            int targetLength = (int)target.ByteLength(columns);
            Span<float> weights = scratch.Singles(columns);
            source.Dequantise(_blocks.Slice(index * sourceLength, sourceLength), weights);
            Round(weights, target, _output.Slice(index * targetLength, targetLength));
        }
    }
}
