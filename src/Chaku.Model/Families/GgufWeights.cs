using Chaku.Model.Decoding;
using Chaku.Model.Files;

namespace Chaku.Model.Families;

/// <summary>Takes a file's tensors by name and shape, and notes which were taken.</summary>
internal sealed class GgufWeights(GgufFile file)
{
    private readonly HashSet<string> _taken = [];

    /// <summary>A matrix [rows, columns].</summary>
    /// <exception cref="ModelFormatException">There is none of this name and shape.</exception>
    public NamedMatrix Matrix(string name, int rows, int columns)
    {
        GgufTensor tensor = Take(name, [columns, rows]);
        return new NamedMatrix(name, file.Matrix(tensor));
    }

    /// <summary>A vector.</summary>
    /// <exception cref="ModelFormatException">There is none of this name and length.</exception>
    public float[] Vector(string name, int length) => file.Vector(Take(name, [length]));

    /// <summary>Whether the file has such a tensor.</summary>
    public bool Has(string name) => file.Find(name) is not null;

    /// <summary>Notes that a tensor's content is known by other means.</summary>
    public void Skip(string name) => _taken.Add(name);

    /// <summary>Refuses a file with a tensor that nobody took: it would change the computation.</summary>
    /// <exception cref="ModelFormatException">The first such tensor.</exception>
    public void RequireAllTaken()
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
