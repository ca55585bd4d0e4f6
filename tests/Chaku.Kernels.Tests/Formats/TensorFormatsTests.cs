using Chaku.Kernels.Formats;

namespace Chaku.Kernels.Tests.Formats;

public sealed class TensorFormatsTests
{
    // The numbers and names of the GGUF specification.
    private static readonly (int Number, string Name)[] Specified =
    [
        (0, "F32"), (1, "F16"), (2, "Q4_0"), (3, "Q4_1"), (6, "Q5_0"), (7, "Q5_1"), (8, "Q8_0"), (10, "Q2_K"),
        (11, "Q3_K"), (12, "Q4_K"), (13, "Q5_K"), (14, "Q6_K"), (30, "BF16"),
    ];

    [Fact]
    public void The_table_has_the_numbers_and_names_of_the_specification_in_order() =>
        Assert.Equal(Specified, TensorFormats.All.Select(format => (format.GgmlType, format.Name)));

    [Fact]
    public void Every_entry_is_found_by_number_and_by_name()
    {
        Assert.All(TensorFormats.All, format =>
        {
            Assert.Same(format, TensorFormats.FromGgmlType(format.GgmlType));
            Assert.Same(format, TensorFormats.FromName(format.Name));
        });
        Assert.Null(TensorFormats.FromGgmlType(9));
        Assert.Null(TensorFormats.FromGgmlType(-1));
        Assert.Null(TensorFormats.FromName("q4_k"));
    }

    [Fact]
    public void Every_entry_has_golden_weights_or_is_named_as_unproven()
    {
        string[] without = [.. TensorFormats.All.Where(format => !GoldenBlocks.Exist(format)).Select(f => f.Name)];
        TestContext.Current.TestOutputHelper?.WriteLine($"unproven formats: {string.Join(", ", without)}");
        Assert.Equal(UnprovenFormats.Names.Order(), without.Order());
    }

    [Fact]
    public void Every_entry_has_a_suite()
    {
        IEnumerable<string> tested = typeof(TensorFormatSuite).Assembly.GetTypes()
            .Where(type => type.IsSubclassOf(typeof(TensorFormatSuite)) && !type.IsAbstract)
            .Select(type => ((TensorFormatSuite)Activator.CreateInstance(type)!).FormatName);
        Assert.Equal(TensorFormats.All.Select(format => format.Name).Order(), tested.Order());
    }

    [Fact]
    public void Every_quantised_entry_has_a_layout()
    {
        IEnumerable<TensorFormat> quantised = TensorFormats.All.Where(format => format.Kernel is not null);
        Assert.Equal(quantised.Select(format => format.Name), BlockLayout.All.Select(layout => layout.Name));
    }

    [Fact]
    public void Byte_lengths_count_whole_blocks()
    {
        TensorFormat format = TensorFormats.FromName("Q4_K")!;
        Assert.Equal(3 * 144, format.ByteLength(768));
        Assert.Equal(144L << 32, format.ByteLength(256L << 32));
        ArgumentException error = Assert.Throws<ArgumentException>(() => format.ByteLength(700));
        Assert.Contains("256", error.Message, StringComparison.Ordinal);
        Assert.Contains("700", error.Message, StringComparison.Ordinal);
    }
}
