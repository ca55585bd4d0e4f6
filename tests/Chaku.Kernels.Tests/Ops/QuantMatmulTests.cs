using Chaku.Kernels.Formats;
using Chaku.Kernels.Memory;
using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;
using RoundedActivations = Chaku.Kernels.Ops.RoundedActivations;

namespace Chaku.Kernels.Tests.Ops;

public sealed class QuantMatmulTests
{
    [Fact]
    public void Every_quantised_format_has_a_suite()
    {
        IEnumerable<string> tested = typeof(QuantMatmulSuite).Assembly.GetTypes()
            .Where(type => type.IsSubclassOf(typeof(QuantMatmulSuite)))
            .Select(type => ((QuantMatmulSuite)Activator.CreateInstance(type)!).FormatName);
        IEnumerable<string> quantised = TensorFormats.All.Where(f => f.Kernel is not null).Select(f => f.Name);
        Assert.Equal(quantised.Order(), tested.Order());
    }

    [Fact]
    public void Activations_of_another_shape_or_kernel_are_refused()
    {
        using ComputePool pool = new(1);
        using RoundedActivations rounded = new();
        TensorFormat format = TensorFormats.FromName("Q8_0")!;
        WeightMatrix weight = WeightMatrix.FromBytes(format, new byte[2 * format.ByteLength(512)], 2, 512);
        rounded.Round(pool, TensorFormats.FromName("Q4_K")!.Kernel!, new float[512], 512);
        string message = Assert.Throws<ArgumentException>(Multiply).Message;
        Assert.Contains("512 activations in blocks of 32, got 512 in blocks of 256", message, StringComparison.Ordinal);
        rounded.Round(pool, format.Kernel!, new float[512], 256);
        Assert.Throws<ArgumentException>(Multiply);

        void Multiply() => QuantMatmul.Forward(pool, weight, rounded, new float[rounded.RowCount * 2]);
    }
}

public sealed class Q4_0MatmulTests() : QuantMatmulSuite("Q4_0");

public sealed class Q4_1MatmulTests() : QuantMatmulSuite("Q4_1");

public sealed class Q5_0MatmulTests() : QuantMatmulSuite("Q5_0");

public sealed class Q5_1MatmulTests() : QuantMatmulSuite("Q5_1");

public sealed class Q8_0MatmulTests() : QuantMatmulSuite("Q8_0");

public sealed class Q2_KMatmulTests() : QuantMatmulSuite("Q2_K");

public sealed class Q3_KMatmulTests() : QuantMatmulSuite("Q3_K");

public sealed class Q4_KMatmulTests() : QuantMatmulSuite("Q4_K");

public sealed class Q5_KMatmulTests() : QuantMatmulSuite("Q5_K");

public sealed class Q6_KMatmulTests() : QuantMatmulSuite("Q6_K");
