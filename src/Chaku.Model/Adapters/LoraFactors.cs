using Chaku.Kernels.Memory;

namespace Chaku.Model.Adapters;

/// <summary>
/// The low-rank change of one matrix, ΔW = scale · B · A, and, with DoRA, the magnitudes of the changed matrix's rows.
/// </summary>
/// <remarks>
/// B is held transposed, so that every product and gradient runs along rows. Source: arXiv:2106.09685.
/// </remarks>
internal sealed class LoraFactors
{
    /// <summary>Factors that are all zero.</summary>
    /// <param name="rank">r.</param>
    /// <param name="inputSize">Columns of the changed matrix.</param>
    /// <param name="outputSize">Rows of the changed matrix.</param>
    /// <param name="scale">α / r, or α / √r.</param>
    /// <param name="hasMagnitude">Whether rows have magnitudes: DoRA.</param>
    public LoraFactors(int rank, int inputSize, int outputSize, float scale, bool hasMagnitude = false)
    {
        A = WeightMatrix.FromSingles(new float[(long)rank * inputSize], rank, inputSize);
        TransposedB = WeightMatrix.FromSingles(new float[(long)rank * outputSize], rank, outputSize);
        Scale = scale;
        Magnitude = hasMagnitude ? new float[outputSize] : null;
    }

    /// <summary>r.</summary>
    public int Rank => A.Rows;

    /// <summary>Columns of the changed matrix.</summary>
    public int InputSize => A.Columns;

    /// <summary>Rows of the changed matrix.</summary>
    public int OutputSize => TransposedB.Columns;

    /// <summary>Numbers in all.</summary>
    public long ParameterCount => ((long)Rank * (InputSize + OutputSize)) + (Magnitude?.Length ?? 0);

    /// <summary>A [r, in], float32.</summary>
    public WeightMatrix A { get; }

    /// <summary>Bᵀ [r, out], float32.</summary>
    public WeightMatrix TransposedB { get; }

    /// <summary>[r, in]: A, to be trained or read from a file.</summary>
    public Span<float> AValues => A.WritableSingles;

    /// <summary>[r, out]: Bᵀ, to be trained or read from a file.</summary>
    public Span<float> TransposedBValues => TransposedB.WritableSingles;

    /// <summary>[out]: the magnitude m of each row of W + ΔW; null without DoRA.</summary>
    public float[]? Magnitude { get; }

    /// <summary>What B · A · x is multiplied with.</summary>
    public float Scale { get; }
}
