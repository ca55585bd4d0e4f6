using Chaku.Kernels.Formats;
using Chaku.Kernels.Formats.Panels;
using Chaku.Kernels.Memory;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Tests.Memory;

/// <summary>The repacked copy of a matrix.</summary>
public sealed class WeightPanelsTests
{
    private const string Format = "Q4_K";
    private const int Columns = 512;

    // More rows than one item packs, and a last panel that is not full.
    private const int Rows = 1003;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Every_panel_holds_its_sixteen_rows(int threadCount)
    {
        (TensorFormat format, PanelKernel kernel) = FormatWithPanels();
        byte[] blocks = Values.Blocks(1, format, Rows * Columns);
        WeightMatrix weight = WeightMatrix.FromBytes(format, blocks, Rows, Columns);
        using ComputePool pool = new(threadCount);
        using WeightPanels panels = new(pool, weight, kernel);

        int blockCount = Columns / format.BlockLength;
        int panelCount = WeightPanels.CountOf(weight);
        byte[] padded = new byte[panelCount * PanelKernel.Rows * weight.RowByteLength];
        blocks.CopyTo(padded, 0);
        byte[] expected = new byte[blockCount * kernel.BlockByteLength];
        for (int panel = 0; panel < panelCount; panel++)
        {
            int byteLength = PanelKernel.Rows * weight.RowByteLength;
            kernel.Pack(padded.AsSpan(panel * byteLength, byteLength), weight.RowByteLength, blockCount, expected);
            Assert.Equal(expected, panels.Blocks(panel, 0, blockCount));
        }
    }

    [Fact]
    public void A_matrix_in_a_file_is_read_and_its_map_left_alone()
    {
        (TensorFormat format, PanelKernel kernel) = FormatWithPanels();
        byte[] blocks = Values.Blocks(2, format, Rows * Columns);
        WeightMatrix stored = WeightMatrix.FromBytes(format, blocks, Rows, Columns);
        WeightMatrix mapped = InFile(format, (start, bytes) => blocks.AsSpan((int)start, bytes.Length).CopyTo(bytes));
        using ComputePool pool = new(2);
        using WeightPanels expected = new(pool, stored, kernel);

        Assert.Equal(expected.ByteLength, mapped.Repack(pool));
        int blockCount = Columns / format.BlockLength;
        for (int panel = 0; panel < WeightPanels.CountOf(stored); panel++)
        {
            Assert.Equal(expected.Blocks(panel, 0, blockCount), mapped.Panels!.Blocks(panel, 0, blockCount));
        }
    }

    [Fact]
    public void A_file_that_cannot_be_read_leaves_the_matrix_without_panels()
    {
        (TensorFormat format, PanelKernel _) = FormatWithPanels();
        WeightMatrix mapped = InFile(format, (start, bytes) => throw new IOException("gone"));
        using ComputePool pool = new(2);

        Assert.Equal("gone", Assert.Throws<IOException>(() => mapped.Repack(pool)).Message);
        Assert.Null(mapped.Panels);
    }

    // A place that nobody can read stands for the map.
    private static unsafe WeightMatrix InFile(TensorFormat format, WeightReader read) =>
        new(format, Rows, Columns, (byte*)1, new object(), read);

    private static (TensorFormat Format, PanelKernel Kernel) FormatWithPanels()
    {
        TensorFormat format = TensorFormats.FromName(Format)!;
        Assert.SkipUnless(format.Kernel?.Panels is not null, "this processor has no AVX2");
        return (format, format.Kernel!.Panels!);
    }
}
