using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Tests.Ops;

public sealed class WeightGradientTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Each_gradient_is_one_chain_over_ascending_tokens(int threads)
    {
        using ComputePool pool = new(threads);
        foreach (int columns in new[] { 1, 7, 8, 16, 17, 63, 64, 65, 172 })
        {
            foreach (int rows in new[] { 1, 5, 6, 7, 8, 47, 48, 49 })
            {
                foreach (int tokens in new[] { 1, 2, 9 })
                {
                    using GuardedBuffer guarded = new();
                    float[] dy = Values.Normal(rows, tokens * rows);
                    float[] x = Values.Normal(columns, tokens * columns);
                    float[] before = Values.Normal(tokens, rows * columns);
                    Span<float> dWeight = guarded.Copy<float>(before);
                    WeightGradient.Accumulate(
                        pool, guarded.Copy<float>(dy), guarded.Copy<float>(x), tokens, dWeight);
                    string context = $"[{rows}, {columns}] from {tokens} tokens";
                    Compare.Bits(Chains(dy, x, before, tokens), dWeight, context);
                }
            }
        }
    }

    [Fact]
    public void So_it_is_where_rows_columns_and_tokens_are_packed_in_several_parts()
    {
        const int Rows = 100;
        const int Columns = 300;
        const int Tokens = 520;
        using ComputePool pool = new(2);
        float[] dy = Values.Normal(1, Tokens * Rows);
        float[] x = Values.Normal(2, Tokens * Columns);
        float[] before = Values.Normal(3, Rows * Columns);
        float[] dWeight = [.. before];
        WeightGradient.Accumulate(pool, dy, x, Tokens, dWeight);
        Compare.Bits(Chains(dy, x, before, Tokens), dWeight, "dW");
    }

    [Fact]
    public void It_is_the_derivative_of_the_product_by_its_weights()
    {
        const int Rows = 5;
        const int Columns = 4;
        const int Tokens = 3;
        using ComputePool pool = new(1);
        double[] w = Values.Doubles(Values.Normal(1, Rows * Columns));
        float[] x = Values.Normal(2, Tokens * Columns);
        float[] dy = Values.Normal(3, Tokens * Rows);
        double[] expected = CentralDifferences.Of(w, () =>
        {
            double loss = 0;
            for (int i = 0; i < dy.Length; i++)
            {
                for (int column = 0; column < Columns; column++)
                {
                    loss += dy[i] * w[(i % Rows * Columns) + column] * x[(i / Rows * Columns) + column];
                }
            }

            return loss;
        });
        float[] dWeight = new float[Rows * Columns];
        WeightGradient.Accumulate(pool, dy, x, Tokens, dWeight);
        Compare.Gradients(expected, dWeight);
    }

    [Fact]
    public void No_tokens_change_nothing()
    {
        using ComputePool pool = new(1);
        float[] dWeight = [1, 2];
        WeightGradient.Accumulate(pool, [], [], 0, dWeight);
        Assert.Equal([1f, 2f], dWeight);
    }

    [Theory]
    [InlineData(5, 4, 4)]
    [InlineData(4, 5, 4)]
    [InlineData(4, 4, 5)]
    public void Lengths_that_disagree_are_refused(int dyLength, int xLength, int dWeightLength)
    {
        using ComputePool pool = new(1);
        Assert.Throws<ArgumentException>(() => WeightGradient.Accumulate(
            pool, new float[dyLength], new float[xLength], 2, new float[dWeightLength]));
    }

    private static float[] Chains(float[] dy, float[] x, float[] before, int tokens)
    {
        int rows = dy.Length / tokens;
        int columns = x.Length / tokens;
        float[] dWeight = [.. before];
        for (int i = 0; i < dWeight.Length; i++)
        {
            for (int token = 0; token < tokens; token++)
            {
                dWeight[i] = MathF.FusedMultiplyAdd(
                    dy[(token * rows) + (i / columns)], x[(token * columns) + (i % columns)], dWeight[i]);
            }
        }

        return dWeight;
    }
}
