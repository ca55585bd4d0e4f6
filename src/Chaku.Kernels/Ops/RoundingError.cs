namespace Chaku.Kernels.Ops;

/// <summary>What rounding weights lost.</summary>
/// <param name="ErrorSquares">Σ (rounded − w)².</param>
/// <param name="WeightSquares">Σ w².</param>
internal readonly record struct RoundingError(double ErrorSquares, double WeightSquares)
{
    /// <summary>The root of the errors' mean square, beside that of the weights; 0 where all weights are 0.</summary>
    public double Relative => WeightSquares == 0 ? 0 : Math.Sqrt(ErrorSquares / WeightSquares);

    /// <summary>Whether every weight, as it was and as it is stored, is a number.</summary>
    public bool IsFinite => double.IsFinite(ErrorSquares) && double.IsFinite(WeightSquares);

    /// <summary>Both together.</summary>
    public static RoundingError operator +(RoundingError a, RoundingError b) =>
        new(a.ErrorSquares + b.ErrorSquares, a.WeightSquares + b.WeightSquares);

    /// <summary>The error of some weights.</summary>
    public static RoundingError Of(ReadOnlySpan<float> weights, ReadOnlySpan<float> rounded)
    {
        double errors = 0;
        double squares = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            double error = (double)rounded[i] - weights[i];
            errors += error * error;
            squares += (double)weights[i] * weights[i];
        }

        return new(errors, squares);
    }
}
