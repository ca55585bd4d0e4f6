using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Tests.Ops;

public sealed class ElementWiseTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(8192)]
    [InlineData(30_001)]
    public void Sums_get_every_element_once_on_several_threads(int length)
    {
        float[] x = Values.Normal(1, length);
        float[] before = Values.Normal(2, length);
        using GuardedBuffer guarded = new();
        Span<float> sum = guarded.Copy<float>(before);
        using ComputePool pool = new(3);
        ElementWise.Add(pool, guarded.Copy<float>(x), sum);
        Compare.Bits([.. x.Zip(before, (a, b) => a + b)], sum);
    }

    [Fact]
    public void Lengths_that_disagree_are_refused()
    {
        using ComputePool pool = new(1);
        Assert.Throws<ArgumentException>(() => ElementWise.Add(pool, new float[3], new float[4]));
    }
}
