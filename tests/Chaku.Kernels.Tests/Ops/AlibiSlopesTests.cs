using Chaku.Kernels.Ops;

namespace Chaku.Kernels.Tests.Ops;

public sealed class AlibiSlopesTests
{
    [Fact]
    public void Eight_heads_halve_from_a_half() => Assert.Equal(
        [0.5f, 0.25f, 0.125f, 0.0625f, 0.03125f, 0.015625f, 0.0078125f, 0.00390625f], AlibiSlopes.For(8, 8));

    [Theory]
    [InlineData(0, 0.91700)]
    [InlineData(63, 0.00390625)]
    [InlineData(64, 0.95760)]
    [InlineData(65, 0.87813)]
    [InlineData(111, 0.016317)]
    public void Heads_behind_a_power_of_two_lie_between_the_others(int head, double expected) =>
        Compare.Close(expected, AlibiSlopes.For(112, 8)[head], 5e-6, $"head {head}");

    [Fact]
    public void Mpt_s_formula_gives_the_same_for_any_heads_and_bias()
    {
        // As MPT writes it: slopes for the next power of two, every second first, then the ones between, cut off.
        foreach (float maxBias in new[] { 8f, 16f, 4.5f })
        {
            for (int heads = 1; heads <= 130; heads++)
            {
                int whole = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)heads);
                double[] slopes =
                    [.. Enumerable.Range(1, whole).Select(i => Math.Pow(2, -i * (double)maxBias / whole))];
                double[] expected = heads == whole
                    ? slopes
                    : [.. slopes.Where((_, i) => i % 2 == 1).Concat(slopes.Where((_, i) => i % 2 == 0)).Take(heads)];
                Compare.Close(expected, AlibiSlopes.For(heads, maxBias), Tolerances.UnitRoundoff, $"{heads} heads");
            }
        }
    }

    [Fact]
    public void No_heads_are_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => AlibiSlopes.For(0, 8));
}
