using Chaku.Kernels.Formats;
using Chaku.Kernels.Memory;

namespace Chaku.Kernels.Tests;

/// <summary>Random inputs; the seed is in the caller's test.</summary>
internal static class Values
{
    /// <summary>Normally distributed floats.</summary>
    public static float[] Normal(int seed, int count, double deviation = 1)
    {
        Random random = new(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            double radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            values[i] = (float)(deviation * radius * Math.Cos(2 * Math.PI * random.NextDouble()));
        }

        return values;
    }

    /// <summary>The same values in double precision.</summary>
    public static double[] Doubles(ReadOnlySpan<float> values)
    {
        double[] doubles = new double[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            doubles[i] = values[i];
        }

        return doubles;
    }

    /// <summary>Blocks of random bits, whose weights are finite and below 1000.</summary>
    public static byte[] Blocks(int seed, TensorFormat format, int weightCount)
    {
        Random random = new(seed);
        byte[] blocks = new byte[format.ByteLength(weightCount)];
        float[] weights = new float[format.BlockLength];
        for (int start = 0; start < blocks.Length; start += format.BlockByteLength)
        {
            Span<byte> block = blocks.AsSpan(start, format.BlockByteLength);
            do
            {
                random.NextBytes(block);
                format.Dequantise(block, weights);
            }
            while (!weights.All(weight => Math.Abs(weight) < 1000));
        }

        return blocks;
    }

    /// <summary>A matrix of random blocks, and its weights as a matrix of float32.</summary>
    public static (WeightMatrix Stored, WeightMatrix Singles) Matrix(
        int seed, TensorFormat format, int rows, int columns)
    {
        byte[] blocks = Blocks(seed, format, rows * columns);
        float[] weights = new float[rows * columns];
        format.Dequantise(blocks, weights);
        return (
            WeightMatrix.FromBytes(format, blocks, rows, columns),
            WeightMatrix.FromSingles(weights, rows, columns));
    }
}
