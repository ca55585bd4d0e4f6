namespace Chaku.Kernels.Tests.Formats;

/// <summary>How far a row's float chain may be from the real sum.</summary>
internal static class DotErrorBound
{
    /// <summary>The relative error of one rounding to float32.</summary>
    private const double Rounding = 1.0 / (1 << 24);

    /// <summary>
    /// A term of the chain is a product of two scales, rounded once, and an integer, rounded once to float32; then each
    /// of the chain's steps rounds a sum that is no larger than the terms' magnitudes added. So the error is at most
    /// ((1 + u)^(steps + 2) − 1) · Σ |term|, where subnormal numbers do not occur.
    /// </summary>
    /// <param name="steps">Fused multiply-adds in the chain.</param>
    /// <param name="magnitude">Σ |term|.</param>
    public static double Of(int steps, double magnitude) => (Math.Pow(1 + Rounding, steps + 2) - 1) * magnitude;
}
