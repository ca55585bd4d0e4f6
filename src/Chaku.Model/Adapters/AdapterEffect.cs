using Chaku.Kernels.Ops;
using Chaku.Model.Decoding;

namespace Chaku.Model.Adapters;

/// <summary>How much an adapter changes one matrix, as Frobenius norms.</summary>
/// <param name="Module">The matrix's Hugging Face name.</param>
/// <param name="Change">‖ΔW‖.</param>
/// <param name="Weight">‖W‖.</param>
internal sealed record ModuleEffect(string Module, double Change, double Weight)
{
    /// <summary>‖ΔW‖ / ‖W‖; null where W is zero.</summary>
    public double? Relative => Weight > 0 ? Change / Weight : null;
}

/// <summary>How much an adapter changes its base, matrix by matrix.</summary>
/// <remarks>
/// ΔW is scale · B · A, and never formed: see <see cref="LowRankNorms"/>. With DoRA it is d ⊙ (W + scale · B · A) − W,
/// whose rows have the square (d − 1)²v² + 2(d − 1)⟨v, δ⟩ + δ² for v = w + δ, with 2⟨v, δ⟩ = v² − w² + δ².
/// </remarks>
internal sealed class AdapterEffect
{
    // What is less, of W, is lost in float32: 2⁻³⁰.
    private const double Negligible = 1.0 / (1 << 30);

    // A change this large makes a difference whatever W is, unless W is of a size that no model has.
    private const double Plain = 1e-3;

    // Magnitudes that are those of W but for being rounded to BF16.
    private const double MagnitudeRounding = 1.0 / 256;

    private AdapterEffect(IReadOnlyList<ModuleEffect> modules) => Modules = modules;

    /// <summary>The changed matrices, in the model's order.</summary>
    public IReadOnlyList<ModuleEffect> Modules { get; }

    /// <summary>‖ΔW‖ over all matrices.</summary>
    public double Change => Math.Sqrt(Modules.Sum(module => module.Change * module.Change));

    /// <summary>‖ΔW‖ / ‖W‖ over the changed matrices; null where they are zero.</summary>
    public double? Relative => new ModuleEffect("", Change, Norm(Modules.Select(module => module.Weight))).Relative;

    /// <summary>Whether no matrix is changed by more than float32 loses.</summary>
    public bool IsNothing => Modules.All(module => module.Change <= Negligible * module.Weight || module.Change == 0);

    /// <summary>Measures an adapter; reads the weights of the matrices that it changes.</summary>
    /// <param name="adapter">The adapter.</param>
    /// <param name="linears">Its base's linear layers.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static AdapterEffect Of(
        LoraAdapter adapter, AdaptableLinears linears, CancellationToken cancellation = default) =>
        new(
        [
            .. linears.All.Where(linear => adapter.Factors.ContainsKey(linear.Linear.Name))
                .Select(linear => Of(linear, adapter.Factors[linear.Linear.Name], linears, cancellation)),
        ]);

    /// <summary>
    /// Whether an adapter makes a difference; reads the base's weights only where its factors are next to nothing.
    /// </summary>
    /// <inheritdoc cref="Of(LoraAdapter, AdaptableLinears, CancellationToken)"/>
    public static bool IsFelt(
        LoraAdapter adapter, AdaptableLinears linears, CancellationToken cancellation = default) =>
        adapter.Factors.Values.Any(factors => LowRankChange(factors, cancellation) > Plain)
        || !Of(adapter, linears, cancellation).IsNothing;

    /// <summary>‖scale · B · A‖: of a module with magnitudes, the change without them.</summary>
    /// <param name="factors">The module's factors.</param>
    /// <param name="cancellation">Stops it.</param>
    public static double LowRankChange(LoraFactors factors, CancellationToken cancellation = default) =>
        Math.Sqrt(LowRankSquares(factors, cancellation).Sum());

    private static ModuleEffect Of(
        AdaptableLinear linear, LoraFactors factors, AdaptableLinears linears, CancellationToken cancellation)
    {
        double[] squares = LowRankSquares(factors, cancellation);
        float[] norms = linears.RowNorms(linear);
        double change = factors.Magnitude is null
            ? Math.Sqrt(squares.Sum())
            : DecomposedChange(squares, norms, linears.DoraScale(linear, factors));
        return new ModuleEffect(linear.Module, change, Norm(norms.Select(norm => (double)norm)));
    }

    private static double[] LowRankSquares(LoraFactors factors, CancellationToken cancellation)
    {
        double[] squares = new double[factors.OutputSize];
        LowRankNorms.Squares(
            factors.AValues, factors.TransposedBValues, factors.Rank, factors.Scale, squares, cancellation);
        return squares;
    }

    private static double DecomposedChange(double[] squares, float[] norms, DoraScale scale)
    {
        if (squares.All(square => square == 0)
            && scale.Factors.All(factor => Math.Abs(factor - 1) <= MagnitudeRounding))
        {
            return 0;
        }

        double sum = 0;
        for (int row = 0; row < squares.Length; row++)
        {
            double w = norms[row];
            double v = scale.Norms[row];
            double shift = scale.Factors[row] - 1.0;
            sum += Math.Max(0, (shift * shift * v * v) + (shift * ((v * v) - (w * w) + squares[row])) + squares[row]);
        }

        return Math.Sqrt(sum);
    }

    private static double Norm(IEnumerable<double> lengths) => Math.Sqrt(lengths.Sum(length => length * length));
}
