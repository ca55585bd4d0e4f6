using Chaku.Kernels.Formats.Panels;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Memory;

/// <summary>The panels of a matrix: its repacked copy where it has one, interleaved on the way otherwise.</summary>
internal readonly ref struct PanelSource
{
    private readonly WeightMatrix _weight;
    private readonly PanelKernel _kernel;
    private readonly Span<byte> _packed;
    private readonly Span<byte> _lastRows;

    /// <summary>Takes the scratch memory that it needs.</summary>
    /// <param name="weight">The matrix, in the kernel's format.</param>
    /// <param name="kernel">The panels' kernel.</param>
    /// <param name="blockCount">The most blocks of a panel that are asked for or packed at once.</param>
    /// <param name="scratch">Lives longer.</param>
    public PanelSource(WeightMatrix weight, PanelKernel kernel, int blockCount, Scratch scratch)
    {
        _weight = weight;
        _kernel = kernel;
        if (weight.Panels is null)
        {
            _packed = scratch.Bytes(checked(blockCount * kernel.BlockByteLength));
            int rowByteLength = blockCount * weight.Format.BlockByteLength;
            _lastRows = scratch.Bytes(weight.Rows % PanelKernel.Rows == 0 ? 0 : PanelKernel.Rows * rowByteLength);
        }
    }

    /// <summary>Blocks of a panel; valid until the next call.</summary>
    public ReadOnlySpan<byte> Blocks(int panel, int block, int count)
    {
        if (_weight.Panels is { } panels)
        {
            return panels.Blocks(panel, block, count);
        }

        Span<byte> packed = _packed[..(count * _kernel.BlockByteLength)];
        Pack(panel, block, count, packed);
        return packed;
    }

    /// <summary>Interleaves blocks of a panel; rows behind the matrix's last are zero.</summary>
    public void Pack(int panel, int block, int count, Span<byte> packed)
    {
        int first = panel * PanelKernel.Rows;
        int rowCount = Math.Min(PanelKernel.Rows, _weight.Rows - first);
        int blockByteLength = _weight.Format.BlockByteLength;
        if (rowCount == PanelKernel.Rows)
        {
            ReadOnlySpan<byte> rows = _weight.RowRange(first, rowCount);
            int start = block * blockByteLength;
            int length = ((rowCount - 1) * _weight.RowByteLength) + (count * blockByteLength);
            _kernel.Pack(rows.Slice(start, length), _weight.RowByteLength, count, packed);
            return;
        }

        int byteLength = count * blockByteLength;
        Span<byte> copy = _lastRows[..(PanelKernel.Rows * byteLength)];
        copy.Clear();
        for (int row = 0; row < rowCount; row++)
        {
            _weight.Row(first + row).Slice(block * blockByteLength, byteLength).CopyTo(copy[(row * byteLength)..]);
        }

        _kernel.Pack(copy, byteLength, count, packed);
    }
}
