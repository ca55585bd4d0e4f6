using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Tests.Ops;

public sealed class RowBiasTests
{
    private const int Rows = 4;

    [Fact]
    public void Every_row_gets_the_bias_and_the_bias_gets_every_row_s_gradient()
    {
        using ComputePool pool = new(1);
        for (int width = 1; width <= 100; width++)
        {
            using GuardedBuffer guarded = new();
            float[] x = Values.Normal(width, Rows * width);
            float[] bias = Values.Normal(width + 1000, width);
            Span<float> y = guarded.Copy<float>(x);
            RowBias.Forward(pool, guarded.Copy<float>(bias), y);
            Compare.Bits([.. x.Select((value, i) => value + bias[i % width])], y, $"width {width}");

            float[] dy = Values.Normal(width + 2000, x.Length);
            double[] b = Values.Doubles(bias);
            double Loss() => x.Select((value, i) => (value + b[i % width]) * dy[i]).Sum();
            Span<float> dBias = guarded.Copy<float>([.. Enumerable.Repeat(2f, width)]);
            RowBias.Backward(guarded.Copy<float>(dy), dBias);
            double[] expected = [.. CentralDifferences.Of(b, Loss).Select(value => value + 2)];
            Compare.Gradients(expected, dBias, $"width {width}");
        }
    }

    [Fact]
    public void Many_rows_on_several_threads_get_it_once()
    {
        const int width = 1000;
        float[] x = Values.Normal(1, 100 * width);
        float[] bias = Values.Normal(2, width);
        float[] y = [.. x];
        using ComputePool pool = new(3);
        RowBias.Forward(pool, bias, y);
        Compare.Bits([.. x.Select((value, i) => value + bias[i % width])], y);
    }

    [Fact]
    public void Lengths_that_disagree_are_refused()
    {
        using ComputePool pool = new(1);
        Assert.Throws<ArgumentException>(() => RowBias.Forward(pool, new float[3], new float[7]));
        Assert.Throws<ArgumentException>(() => RowBias.Forward(pool, [], new float[7]));
        Assert.Throws<ArgumentException>(() => RowBias.Backward(new float[7], new float[3]));
    }
}
