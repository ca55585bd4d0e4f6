using Chaku.Kernels.Memory;
using Chaku.Model.Files;

namespace Chaku.Model.Families;

/// <summary>The weights of a GGUF file.</summary>
internal sealed class GgufWeights(GgufFile file) : WeightSource
{
    private readonly HashSet<string> _taken = [];

    /// <inheritdoc/>
    public override bool Has(string name) => file.Find(name) is not null;

    /// <inheritdoc/>
    public override long? RowCount(string name) =>
        file.Find(name) is { Dimensions.Count: 2 } tensor ? tensor.Dimensions[1] : null;

    /// <inheritdoc/>
    public override float[] Vector(string name, int length) => file.Vector(Take(name, [length]));

    /// <inheritdoc/>
    public override WeightMatrix Matrix(string name, int rows, int columns) =>
        file.Matrix(Take(name, [columns, rows]));

    /// <inheritdoc/>
    public override IReadOnlyList<WeightMatrix> Experts(string name, int count, int rows, int columns) =>
        file.Matrices(Take(name, [columns, rows, count]));

    /// <inheritdoc/>
    public override void Skip(string name) => _taken.Add(name);

    /// <inheritdoc/>
    public override void RequireAllTaken()
    {
        if (file.Tensors.FirstOrDefault(tensor => !_taken.Contains(tensor.Name)) is { } unused)
        {
            throw new ModelFormatException(
                file.Path, unused.Offset, "only tensors that this architecture's computation uses", $"{unused}");
        }
    }

    private GgufTensor Take(string name, long[] dimensions)
    {
        GgufTensor tensor = file[name];
        _taken.Add(name);
        if (!tensor.Dimensions.SequenceEqual(dimensions))
        {
            throw new ModelFormatException(
                file.Path, tensor.Offset, $"'{name}' with dimensions [{string.Join(", ", dimensions)}]", $"{tensor}");
        }

        return tensor;
    }
}
