using Chaku.Kernels.Formats;
using Chaku.Kernels.Memory;
using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Tests.Ops;

public sealed class TransposedMatmulTests
{
    public static TheoryData<string> FormatNames => [.. TensorFormats.All.Select(format => format.Name)];

    public static TheoryData<int> Widths => [1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 56, 172, 257, 300];

    [Theory]
    [MemberData(nameof(Widths))]
    public unsafe void Each_output_is_one_chain_over_ascending_rows(int columns)
    {
        for (int threads = 1; threads <= 3; threads++)
        {
            using ComputePool pool = new(threads);
            foreach (int rows in new[] { 1, 5, 31, 32, 33, 70 })
            {
                foreach (int tokens in new[] { 1, 2, 5, 6, 7, 13 })
                {
                    using GuardedBuffer guarded = new();
                    float[] w = Values.Normal(rows, rows * columns);
                    float[] x = Values.Normal(tokens, tokens * rows);
                    float[] before = Values.Normal(columns, tokens * columns);
                    Span<float> y = guarded.Copy<float>(before);
                    fixed (float* data = guarded.Copy<float>(w))
                    {
                        WeightMatrix weight = new(TensorFormats.F32, rows, columns, (byte*)data, guarded);
                        TransposedMatmul.Accumulate(pool, weight, guarded.Copy<float>(x), y);
                    }

                    string context = $"[{rows}, {columns}] × {tokens}, {threads} threads";
                    Compare.Bits(Chains(w, x, before, columns), y, context);
                }
            }
        }
    }

    [Theory]
    [InlineData(600, 300, 200)]
    [InlineData(257, 700, 97)]
    public void So_it_is_where_rows_columns_and_tokens_are_packed_in_several_parts(int rows, int columns, int tokens)
    {
        using ComputePool pool = new(2);
        float[] w = Values.Normal(1, rows * columns);
        float[] x = Values.Normal(2, tokens * rows);
        float[] before = Values.Normal(3, tokens * columns);
        float[] y = [.. before];
        TransposedMatmul.Accumulate(pool, WeightMatrix.FromSingles(w, rows, columns), x, y);
        Compare.Bits(Chains(w, x, before, columns), y, $"[{rows}, {columns}] × {tokens}");
    }

    [Theory]
    [MemberData(nameof(FormatNames))]
    public void Any_format_gives_the_bits_of_its_dequantised_weights(string name)
    {
        TensorFormat format = TensorFormats.FromName(name)!;
        using ComputePool pool = new(2);
        const int Rows = 37;
        const int Columns = 768;
        const int Tokens = 7;
        (WeightMatrix stored, WeightMatrix singles) = Values.Matrix(3, format, Rows, Columns);
        float[] x = Values.Normal(4, Tokens * Rows);
        float[] expected = new float[Tokens * Columns];
        float[] actual = new float[Tokens * Columns];
        TransposedMatmul.Accumulate(pool, singles, x, expected);
        TransposedMatmul.Accumulate(pool, stored, x, actual);
        Compare.Bits(expected, actual, name);
    }

    [Fact]
    public void It_is_the_derivative_of_the_product_by_its_input()
    {
        const int Rows = 9;
        const int Columns = 11;
        using ComputePool pool = new(1);
        float[] w = Values.Normal(1, Rows * Columns);
        double[] x = Values.Doubles(Values.Normal(2, Columns));
        float[] dy = Values.Normal(3, Rows);
        double[] expected = CentralDifferences.Of(
            x, () => Enumerable.Range(0, Rows * Columns).Sum(i => dy[i / Columns] * w[i] * x[i % Columns]));
        float[] dx = new float[Columns];
        TransposedMatmul.Accumulate(pool, WeightMatrix.FromSingles(w, Rows, Columns), dy, dx);
        Compare.Gradients(expected, dx);
    }

    [Theory]
    [InlineData(5, 3)]
    [InlineData(4, 5)]
    public void Lengths_that_disagree_are_refused(int xLength, int yLength)
    {
        using ComputePool pool = new(1);
        WeightMatrix weight = WeightMatrix.FromSingles(new float[6], 2, 3);
        Assert.Throws<ArgumentException>(
            () => TransposedMatmul.Accumulate(pool, weight, new float[xLength], new float[yLength]));
    }

    private static float[] Chains(float[] w, float[] x, float[] before, int columns)
    {
        int rows = w.Length / columns;
        float[] y = [.. before];
        for (int i = 0; i < y.Length; i++)
        {
            for (int row = 0; row < rows; row++)
            {
                y[i] = MathF.FusedMultiplyAdd(x[(i / columns * rows) + row], w[(row * columns) + (i % columns)], y[i]);
            }
        }

        return y;
    }
}
