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
    private readonly int _blocksAtOnce;
    private readonly int _heldStart;
    private readonly int _heldEnd;

    /// <summary>Takes the scratch memory that it needs.</summary>
    /// <param name="weight">The matrix, in the kernel's format.</param>
    /// <param name="kernel">The panels' kernel.</param>
    /// <param name="blocksAtOnce">The most blocks of a panel that are asked for at once.</param>
    /// <param name="scratch">Lives longer.</param>
    public PanelSource(WeightMatrix weight, PanelKernel kernel, int blocksAtOnce, Scratch scratch)
        : this(weight, kernel, blocksAtOnce, 0, 0, scratch)
    {
    }

    /// <summary>The same, with some panels interleaved once for all calls, where they have no repacked copy.</summary>
    /// <param name="weight">The matrix, in the kernel's format.</param>
    /// <param name="kernel">The panels' kernel.</param>
    /// <param name="blockCount">Blocks of a row.</param>
    /// <param name="heldStart">The first panel that is asked for.</param>
    /// <param name="heldEnd">The panel behind the last; the same as the first for none.</param>
    /// <param name="scratch">Lives longer.</param>
    public PanelSource(
        WeightMatrix weight, PanelKernel kernel, int blockCount, int heldStart, int heldEnd, Scratch scratch)
    {
        _weight = weight;
        _kernel = kernel;
        _blocksAtOnce = blockCount;
        (_heldStart, _heldEnd) = (heldStart, heldEnd);
        if (weight.Panels is not null)
        {
            return;
        }

        int rowByteLength = blockCount * weight.Format.BlockByteLength;
        _lastRows = scratch.Bytes(weight.Rows % PanelKernel.Rows == 0 ? 0 : PanelKernel.Rows * rowByteLength);
        _packed = scratch.Bytes(checked(Math.Max(1, heldEnd - heldStart) * blockCount * kernel.BlockByteLength));
        for (int panel = heldStart; panel < heldEnd; panel++)
        {
            Pack(panel, 0, blockCount, Place(panel - heldStart, 0, blockCount));
        }
    }

    /// <summary>Blocks of a panel; valid until the next call.</summary>
    public ReadOnlySpan<byte> Blocks(int panel, int block, int count)
    {
        if (_weight.Panels is { } panels)
        {
            return panels.Blocks(panel, block, count);
        }

        if (_heldStart < _heldEnd)
        {
            return Place(panel - _heldStart, block, count);
        }

        Span<byte> packed = Place(0, 0, count);
        Pack(panel, block, count, packed);
        return packed;
    }

    private Span<byte> Place(int number, int block, int count) => _packed.Slice(
        ((number * _blocksAtOnce) + block) * _kernel.BlockByteLength, count * _kernel.BlockByteLength);

    // Rows behind the matrix's last are zero.
    private void Pack(int panel, int block, int count, Span<byte> packed)
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
