using Chaku.Kernels.Memory;

namespace Chaku.Model.Families;

/// <summary>Notes the weights that are read from a source, in their order.</summary>
/// <param name="inner">The source.</param>
internal sealed class WeightRecorder(WeightSource inner) : WeightSource
{
    private readonly List<RecordedWeight> _weights = [];

    /// <summary>What was read.</summary>
    public IReadOnlyList<RecordedWeight> Weights => _weights;

    /// <inheritdoc/>
    public override bool Has(string name) => inner.Has(name);

    /// <inheritdoc/>
    public override long? RowCount(string name) => inner.RowCount(name);

    /// <inheritdoc/>
    public override float[] Vector(string name, int length)
    {
        float[] values = inner.Vector(name, length);
        _weights.Add(new RecordedWeight(name, 1, length) { Vector = values });
        return values;
    }

    /// <inheritdoc/>
    public override WeightMatrix Matrix(string name, int rows, int columns)
    {
        WeightMatrix matrix = inner.Matrix(name, rows, columns);
        _weights.Add(new RecordedWeight(name, rows, columns) { Matrices = [matrix] });
        return matrix;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<WeightMatrix> Experts(string name, int count, int rows, int columns)
    {
        IReadOnlyList<WeightMatrix> matrices = inner.Experts(name, count, rows, columns);
        _weights.Add(new RecordedWeight(name, rows, columns) { Matrices = matrices, IsExperts = true });
        return matrices;
    }

    /// <inheritdoc/>
    public override void Skip(string name) => inner.Skip(name);

    /// <inheritdoc/>
    public override void RequireAllTaken() => inner.RequireAllTaken();
}

/// <summary>A tensor that was read.</summary>
/// <param name="Name">Its GGUF name.</param>
/// <param name="Rows">Rows of each matrix; 1 for a vector.</param>
/// <param name="Columns">Columns of each matrix; a vector's length.</param>
internal sealed record RecordedWeight(string Name, int Rows, int Columns)
{
    /// <summary>The values of a vector, as the computation takes them; null for matrices.</summary>
    public float[]? Vector { get; init; }

    /// <summary>The matrix, or one for each expert; a transposed one may lie as the file has it.</summary>
    public IReadOnlyList<WeightMatrix> Matrices { get; init; } = [];

    /// <summary>Whether there is a matrix for each expert.</summary>
    public bool IsExperts { get; init; }
}
