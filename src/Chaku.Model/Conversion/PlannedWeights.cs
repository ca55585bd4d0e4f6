using Chaku.Kernels.Memory;
using Chaku.Model.Families;

namespace Chaku.Model.Conversion;

/// <summary>The weights of a file that is not yet written, as far as its settings are read from them.</summary>
/// <param name="rowCounts">Rows of each tensor, by its GGUF name; 1 for a vector.</param>
/// <param name="vectors">The vectors that settings are read from.</param>
internal sealed class PlannedWeights(
    IReadOnlyDictionary<string, int> rowCounts, IReadOnlyList<(string Name, IReadOnlyList<float> Values)> vectors)
    : WeightSource
{
    /// <inheritdoc/>
    public override bool Has(string name) => rowCounts.ContainsKey(name) || vectors.Any(vector => vector.Name == name);

    /// <inheritdoc/>
    public override long? RowCount(string name) => rowCounts.TryGetValue(name, out int rows) ? rows : null;

    /// <inheritdoc/>
    public override float[] Vector(string name, int length) =>
        [.. vectors.First(vector => vector.Name == name).Values];

    /// <inheritdoc/>
    public override WeightMatrix Matrix(string name, int rows, int columns) => throw Unplanned(name);

    /// <inheritdoc/>
    public override IReadOnlyList<WeightMatrix> Experts(string name, int count, int rows, int columns) =>
        throw Unplanned(name);

    /// <inheritdoc/>
    public override void Skip(string name)
    {
    }

    /// <inheritdoc/>
    public override void RequireAllTaken()
    {
    }

    private static InvalidOperationException Unplanned(string name) =>
        new($"settings are read without the matrix {name}");
}
