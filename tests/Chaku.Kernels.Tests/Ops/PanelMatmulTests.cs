using Chaku.Kernels.Formats;

namespace Chaku.Kernels.Tests.Ops;

public sealed class PanelMatmulTests
{
    [Fact]
    public void Every_quantised_format_has_a_suite()
    {
        IEnumerable<string> tested = typeof(PanelMatmulSuite).Assembly.GetTypes()
            .Where(type => type.IsSubclassOf(typeof(PanelMatmulSuite)))
            .Select(type => ((PanelMatmulSuite)Activator.CreateInstance(type)!).FormatName);
        IEnumerable<string> quantised = TensorFormats.All.Where(f => f.Kernel is not null).Select(f => f.Name);
        Assert.Equal(quantised.Order(), tested.Order());
    }
}

public sealed class Q4_0MatmulTests() : PanelMatmulSuite("Q4_0");

public sealed class Q4_1MatmulTests() : PanelMatmulSuite("Q4_1");

public sealed class Q5_0MatmulTests() : PanelMatmulSuite("Q5_0");

public sealed class Q5_1MatmulTests() : PanelMatmulSuite("Q5_1");

public sealed class Q8_0MatmulTests() : PanelMatmulSuite("Q8_0");

public sealed class Q2_KMatmulTests() : PanelMatmulSuite("Q2_K");

public sealed class Q3_KMatmulTests() : PanelMatmulSuite("Q3_K");

public sealed class Q4_KMatmulTests() : PanelMatmulSuite("Q4_K");

public sealed class Q5_KMatmulTests() : PanelMatmulSuite("Q5_K");

public sealed class Q6_KMatmulTests() : PanelMatmulSuite("Q6_K");
