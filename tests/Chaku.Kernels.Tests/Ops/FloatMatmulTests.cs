using Chaku.Kernels.Formats;
using Chaku.Kernels.Memory;
using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Tests.Ops;

public sealed class FloatMatmulTests
{
    private const int MaxRows = 33;
    private const int MaxTokens = 7;
    private static readonly int[] RowCounts = [1, 2, 3, 4, 5, 6, 7, 8, 9, MaxRows];

    public static TheoryData<int> Widths =>
        [.. Enumerable.Range(1, 40), 172, .. Enumerable.Range(511, 20), 1023, 1100];

    public static TheoryData<string> FormatNames => [.. TensorFormats.All.Select(format => format.Name)];

    [Theory]
    [MemberData(nameof(Widths))]
    public void Bits_are_those_of_the_scalar_reference_at_every_shape(int columns)
    {
        float[] w = Values.Normal(columns, MaxRows * columns);
        float[] x = Values.Normal(columns + 5000, MaxTokens * columns);
        float[] expected = Reference(w, x, columns);
        using ComputePool pool = new(1);
        foreach (int rows in RowCounts)
        {
            for (int tokens = 1; tokens <= MaxTokens; tokens++)
            {
                CheckShape(pool, w, x, expected, new Sizes(rows, columns, tokens));
            }
        }
    }

    [Theory]
    [InlineData(8, 9, 100)]
    [InlineData(172, 9, 100)]
    [InlineData(515, 9, 100)]
    [InlineData(40, 64, 16)]
    [InlineData(515, 67, 172)]
    [InlineData(1100, 133, 350)]
    public void Bits_are_those_of_the_scalar_reference_for_many_tokens(int columns, int rows, int tokens)
    {
        WeightMatrix weight = WeightMatrix.FromSingles(Values.Normal(1, rows * columns), rows, columns);
        float[] x = Values.Normal(2, tokens * columns);
        float[] w = new float[rows * columns];
        weight.Format.Dequantise(weight.RowRange(0, rows), w);
        float[] expected = Reference(w, x, columns);
        for (int threads = 1; threads <= 3; threads++)
        {
            using ComputePool pool = new(threads);
            float[] y = new float[tokens * rows];
            FloatMatmul.Forward(pool, weight, x, y);
            Compare.Bits(expected, y, $"{threads} threads");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    public void Products_in_one_dispatch_have_the_bits_of_each_alone(int tokens)
    {
        const int Columns = 40;
        float[] x = Values.Normal(2, tokens * Columns);
        WeightMatrix[] weights =
        [
            .. new[] { 150, 7, 33 }.Select(rows => WeightMatrix.FromSingles(
                Values.Normal(rows, rows * Columns), rows, Columns)),
        ];
        using ComputePool pool = new(2);
        float[][] joined = [.. weights.Select(weight => new float[tokens * weight.Rows])];
        float[][] alone = [.. weights.Select(weight => new float[tokens * weight.Rows])];
        FloatMatmul.Forward(
            pool, x, new(weights[0], joined[0]), new(weights[1], joined[1]), new(weights[2], joined[2]));
        for (int i = 0; i < weights.Length; i++)
        {
            FloatMatmul.Forward(pool, weights[i], x, alone[i]);
            Compare.Bits(alone[i], joined[i], $"product {i}");
        }

        Array.ForEach(joined, Array.Clear);
        FloatMatmul.Forward(pool, x, new(weights[2], joined[2]), new(weights[1], joined[1]), default);
        Compare.Bits(alone[2], joined[2], "the first of two");
        Compare.Bits(alone[1], joined[1], "the second of two");
        Assert.Throws<ArgumentException>(() => FloatMatmul.Forward(
            pool, x, new(weights[2], joined[2]), new(weights[1], joined[2]), default));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(172)]
    [InlineData(513)]
    [InlineData(2000)]
    public void The_scalar_reference_is_the_inner_product(int columns)
    {
        float[] w = Values.Normal(1, columns);
        float[] x = Values.Normal(2, columns);
        double exact = w.Zip(x, (a, b) => (double)a * b).Sum();
        double magnitude = w.Zip(x, (a, b) => Math.Abs((double)a * b)).Sum();
        int roundings = (Math.Min(columns, 512) / 8) + (columns / 512) + 5;
        Compare.Close(exact, FloatMatmul.DotReference(w, x), Tolerances.Sum(roundings) * magnitude);
    }

    [Theory]
    [MemberData(nameof(FormatNames))]
    public void Any_format_gives_the_bits_of_its_dequantised_weights(string name)
    {
        TensorFormat format = TensorFormats.FromName(name)!;
        using ComputePool pool = new(2);
        foreach (int columns in new[] { 256, 768 })
        {
            foreach (int rows in new[] { 1, 4, 5, 19 })
            {
                (WeightMatrix stored, WeightMatrix singles) = Values.Matrix(rows, format, rows, columns);
                foreach (int tokens in new[] { 1, 3, 5 })
                {
                    float[] x = Values.Normal(tokens, tokens * columns);
                    float[] expected = new float[tokens * rows];
                    float[] actual = new float[tokens * rows];
                    FloatMatmul.Forward(pool, singles, x, expected);
                    FloatMatmul.Forward(pool, stored, x, actual);
                    Compare.Bits(expected, actual, $"{name} [{rows}, {columns}] × {tokens}");
                }
            }
        }
    }

    [Theory]
    [InlineData("F16")]
    [InlineData("BF16")]
    public void Odd_widths_of_half_precision_give_the_bits_of_their_floats(string name)
    {
        TensorFormat format = TensorFormats.FromName(name)!;
        using ComputePool pool = new(1);
        foreach (int columns in new[] { 1, 5, 13, 172, 517 })
        {
            (WeightMatrix stored, WeightMatrix singles) = Values.Matrix(columns, format, 6, columns);
            float[] x = Values.Normal(columns, 4 * columns);
            float[] expected = new float[4 * 6];
            float[] actual = new float[4 * 6];
            FloatMatmul.Forward(pool, singles, x, expected);
            FloatMatmul.Forward(pool, stored, x, actual);
            Compare.Bits(expected, actual, $"{name} {columns} columns");
        }
    }

    [Fact]
    public void No_tokens_are_no_work()
    {
        using ComputePool pool = new(2);
        FloatMatmul.Forward(pool, WeightMatrix.FromSingles(new float[6], 2, 3), [], []);
    }

    [Theory]
    [InlineData(5, 2)]
    [InlineData(6, 3)]
    [InlineData(3, 4)]
    public void Lengths_that_disagree_are_refused(int xLength, int yLength)
    {
        using ComputePool pool = new(1);
        WeightMatrix weight = WeightMatrix.FromSingles(new float[6], 2, 3);
        Assert.Throws<ArgumentException>(
            () => FloatMatmul.Forward(pool, weight, new float[xLength], new float[yLength]));
    }

    private static float[] Reference(float[] w, float[] x, int columns)
    {
        int rows = w.Length / columns;
        float[] y = new float[x.Length / columns * rows];
        for (int i = 0; i < y.Length; i++)
        {
            y[i] = FloatMatmul.DotReference(
                w.AsSpan(i % rows * columns, columns), x.AsSpan(i / rows * columns, columns));
        }

        return y;
    }

    // The first rows and tokens of the large product, in buffers that end at an unreadable page.
    private static unsafe void CheckShape(ComputePool pool, float[] w, float[] x, float[] expected, Sizes sizes)
    {
        using GuardedBuffer guarded = new();
        (int rows, int columns, int tokens) = sizes;
        Span<float> weights = guarded.Copy<float>(w.AsSpan(0, rows * columns));
        Span<float> y = guarded.End<float>(tokens * rows);
        y.Fill(float.NaN);
        fixed (float* data = weights)
        {
            WeightMatrix weight = new(TensorFormats.F32, rows, columns, (byte*)data, guarded);
            FloatMatmul.Forward(pool, weight, guarded.Copy<float>(x.AsSpan(0, tokens * columns)), y);
        }

        for (int token = 0; token < tokens; token++)
        {
            Compare.Bits(
                expected.AsSpan(token * MaxRows, rows), y.Slice(token * rows, rows), $"{sizes}, token {token}");
        }
    }

    private sealed record Sizes(int Rows, int Columns, int Tokens);
}
