namespace Chaku.Kernels.Formats.Rounding;

/// <summary>The codes of a format, and which scales are tried for them.</summary>
/// <param name="Least">The smallest code; 0 where a minimum is taken away, else −2ⁿ.</param>
/// <param name="Largest">The largest code.</param>
/// <param name="First">
/// The first scale is the one that gives the farthest weight this many codes more than the last.
/// </param>
/// <param name="Step">Codes from one scale to the next.</param>
/// <param name="Count">Scales that are tried.</param>
internal readonly record struct CodeRange(int Least, int Largest, float First, float Step, int Count);
