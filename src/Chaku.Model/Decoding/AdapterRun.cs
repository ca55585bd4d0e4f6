using Chaku.Kernels.Ops;

namespace Chaku.Model.Decoding;

/// <summary>Neighbouring rows of a batch that go through the same adapter, or through none.</summary>
/// <param name="Adapter">The adapter.</param>
/// <param name="FirstRow">The run's first row.</param>
/// <param name="RowCount">Its rows.</param>
/// <param name="Dropout">Zeroes some of the adapter's inputs while training.</param>
/// <param name="FirstNumber">The first row's number in the whole batch, for dropout; the others follow it.</param>
internal readonly record struct AdapterRun(
    BoundAdapter? Adapter, int FirstRow, int RowCount, Dropout? Dropout, int FirstNumber);
