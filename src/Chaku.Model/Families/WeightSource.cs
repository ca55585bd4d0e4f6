using Chaku.Kernels.Memory;
using Chaku.Model.Decoding;

namespace Chaku.Model.Families;

/// <summary>
/// Gives a model's weights by GGUF's tensor names, each with the shape that is asked for, and notes which were taken.
/// </summary>
/// <remarks>
/// Every reading throws <see cref="ModelFormatException"/> where there is no such tensor, or one of another shape.
/// </remarks>
internal abstract class WeightSource
{
    private const string Weight = ".weight";
    private const string Bias = ".bias";

    /// <summary>Whether there is such a tensor.</summary>
    public abstract bool Has(string name);

    /// <summary>Rows of a matrix; null where there is none.</summary>
    public abstract long? RowCount(string name);

    /// <summary>A vector.</summary>
    public abstract float[] Vector(string name, int length);

    /// <summary>A matrix [rows, columns].</summary>
    public abstract WeightMatrix Matrix(string name, int rows, int columns);

    /// <summary>Matrices [rows, columns], one for each expert.</summary>
    public abstract IReadOnlyList<WeightMatrix> Experts(string name, int count, int rows, int columns);

    /// <summary>Notes that a tensor's content is known by other means.</summary>
    public abstract void Skip(string name);

    /// <summary>Refuses a tensor that nobody took: it would change the computation.</summary>
    public abstract void RequireAllTaken();

    /// <summary>A matrix with its bias.</summary>
    /// <param name="module">The tensors' names without their last part.</param>
    /// <param name="rows">Outputs.</param>
    /// <param name="columns">Inputs.</param>
    /// <param name="hasBias">Whether there is a bias.</param>
    public NamedMatrix Linear(string module, int rows, int columns, bool hasBias) => new(
        module + Weight, Matrix(module + Weight, rows, columns), hasBias ? Vector(module + Bias, rows) : []);

    /// <summary>The weights of a norm.</summary>
    public NormWeights Norm(string module, int length, bool hasBias) =>
        new(module, Vector(module + Weight, length), hasBias ? Vector(module + Bias, length) : []);
}
