using Chaku.Kernels.Formats.Panels;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Memory;

/// <summary>A copy of a matrix in which every sixteen rows are interleaved.</summary>
internal sealed class WeightPanels : IDisposable
{
    // Of the file's bytes: few calls of the system, and a copy that stays in the processor's cache.
    private const int BytesPerItem = 1 << 16;

    private readonly NativeBuffer _buffer;
    private readonly int _blockByteLength;
    private readonly int _blockCount;

    /// <summary>Interleaves a matrix.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="weight">The matrix, in the kernel's format, without panels yet.</param>
    /// <param name="kernel">The panels' kernel.</param>
    public WeightPanels(ComputePool pool, WeightMatrix weight, PanelKernel kernel)
    {
        _blockByteLength = kernel.BlockByteLength;
        _blockCount = weight.Columns / weight.Format.BlockLength;
        int panelCount = CountOf(weight);
        _buffer = new NativeBuffer((long)panelCount * _blockCount * _blockByteLength);
        int panelsPerItem = Math.Max(1, BytesPerItem / PanelKernel.Rows / weight.RowByteLength);
        Work work = new(this, weight, kernel, panelsPerItem);
        pool.Run((panelCount + panelsPerItem - 1) / panelsPerItem, ref work);
    }

    /// <summary>Bytes of the copy.</summary>
    public long ByteLength => _buffer.ByteLength;

    /// <summary>Panels of a matrix; the last may have fewer than sixteen rows.</summary>
    public static int CountOf(WeightMatrix weight) => (weight.Rows + PanelKernel.Rows - 1) / PanelKernel.Rows;

    /// <summary>Blocks of a panel.</summary>
    public ReadOnlySpan<byte> Blocks(int panel, int block, int count) => Writable(panel, block, count);

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    private Span<byte> Writable(int panel, int block, int count) => _buffer.Span<byte>(
        (((long)panel * _blockCount) + block) * _blockByteLength, checked(count * _blockByteLength));

    private readonly ref struct Work(
        WeightPanels target, WeightMatrix weight, PanelKernel kernel, int panelsPerItem) : IParallelWork
    {
        private readonly WeightPanels _target = target;
        private readonly WeightMatrix _weight = weight;
        private readonly PanelKernel _kernel = kernel;
        private readonly int _panelsPerItem = panelsPerItem;

        public void Execute(int index, Scratch scratch)
        {
            int first = index * _panelsPerItem;
            int count = Math.Min(_panelsPerItem, CountOf(_weight) - first);
            int panelByteLength = checked(PanelKernel.Rows * _weight.RowByteLength);
            int rowCount = Math.Min(count * PanelKernel.Rows, _weight.Rows - (first * PanelKernel.Rows));
            Span<byte> rows = scratch.Bytes(count * panelByteLength);
            int length = rowCount * _weight.RowByteLength;
            _weight.CopyRows(first * PanelKernel.Rows, rows[..length]);
            rows[length..].Clear();
            for (int panel = 0; panel < count; panel++)
            {
                _kernel.Pack(
                    rows.Slice(panel * panelByteLength, panelByteLength),
                    _weight.RowByteLength,
                    _target._blockCount,
                    _target.Writable(first + panel, 0, _target._blockCount));
            }
        }
    }
}
