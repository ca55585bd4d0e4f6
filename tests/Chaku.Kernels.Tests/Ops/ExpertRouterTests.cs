using Chaku.Kernels.Ops;

namespace Chaku.Kernels.Tests.Ops;

public sealed class ExpertRouterTests
{
    private const int Tokens = 5;

    public static TheoryData<int, int> Sizes =>
        new() { { 8, 2 }, { 4, 4 }, { 1, 1 }, { 60, 4 }, { 128, 8 }, { 13, 3 } };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void The_highest_are_chosen_and_weighted(int experts, int k)
    {
        float[] logits = Values.Normal(experts, Tokens * experts, deviation: 2);
        foreach (ExpertWeighting weighting in Enum.GetValues<ExpertWeighting>())
        {
            int[] chosen = new int[Tokens * k];
            float[] weights = new float[Tokens * k];
            using GuardedBuffer guarded = new();
            ExpertRouter.Forward(weighting, guarded.Copy<float>(logits), Tokens, chosen, weights);
            for (int token = 0; token < Tokens; token++)
            {
                float[] row = logits[(token * experts)..((token + 1) * experts)];
                int[] expected = [.. Enumerable.Range(0, experts).OrderByDescending(i => row[i]).Take(k).Order()];
                Assert.Equal(expected, chosen[(token * k)..((token + 1) * k)]);
                double[] naive = Naive(weighting, Values.Doubles(row), expected);
                Compare.Close(naive, weights.AsSpan(token * k, k), 2 * Tolerances.ElementWise, $"token {token}");
            }
        }
    }

    [Theory]
    [InlineData(new[] { 1f, 1, 1, 1 }, new[] { 0, 1 })]
    [InlineData(new[] { 0f, 1, 2, 1 }, new[] { 1, 2 })]
    [InlineData(new[] { 3f, 1, 2, 3 }, new[] { 0, 3 })]
    [InlineData(new[] { 0f, -0f, 0, 0 }, new[] { 0, 1 })]
    [InlineData(new[] { float.NaN, 1, 2, 3 }, new[] { 2, 3 })]
    [InlineData(new[] { float.NegativeInfinity, float.NegativeInfinity, 2, 3 }, new[] { 2, 3 })]
    public void Of_equal_logits_the_lower_index_is_chosen(float[] logits, int[] expected)
    {
        int[] chosen = new int[2];
        ExpertRouter.Forward(ExpertWeighting.AmongChosen, logits, 1, chosen, new float[2]);
        Assert.Equal(expected, chosen);
    }

    [Fact]
    public void What_is_no_number_at_all_still_chooses_different_experts()
    {
        int[] chosen = new int[3];
        float[] logits = [.. Enumerable.Repeat(float.NaN, 5)];
        ExpertRouter.Forward(ExpertWeighting.AmongAll, logits, 1, chosen, new float[3]);
        Assert.Equal(3, chosen.Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Bits_of_a_token_do_not_depend_on_the_batch(int experts, int k)
    {
        float[] logits = Values.Normal(experts, Tokens * experts);
        foreach (ExpertWeighting weighting in Enum.GetValues<ExpertWeighting>())
        {
            int[] chosen = new int[Tokens * k];
            float[] weights = new float[Tokens * k];
            ExpertRouter.Forward(weighting, logits, Tokens, chosen, weights);
            int[] own = new int[k];
            float[] alone = new float[k];
            ExpertRouter.Forward(weighting, logits.AsSpan(3 * experts, experts), 1, own, alone);
            Assert.Equal(own, chosen[(3 * k)..(4 * k)]);
            Compare.Bits(alone, weights.AsSpan(3 * k, k));
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Backward_is_the_derivative_and_adds(int experts, int k)
    {
        float[] logits = Values.Normal(experts + 1, Tokens * experts);
        float[] dWeights = Values.Normal(experts + 2, Tokens * k);
        foreach (ExpertWeighting weighting in Enum.GetValues<ExpertWeighting>())
        {
            int[] chosen = new int[Tokens * k];
            float[] weights = new float[Tokens * k];
            ExpertRouter.Forward(weighting, logits, Tokens, chosen, weights);
            double[] x = Values.Doubles(logits);
            double Loss() => Enumerable.Range(0, Tokens)
                .SelectMany(token => Naive(
                    weighting, x[(token * experts)..((token + 1) * experts)], chosen[(token * k)..((token + 1) * k)]))
                .Zip(dWeights, (weight, d) => weight * d)
                .Sum();
            double[] expected = [.. CentralDifferences.Of(x, Loss).Select(value => value + 1)];
            float[] dLogits = [.. Enumerable.Repeat(1f, logits.Length)];
            ExpertRouter.Backward(weighting, logits, Tokens, chosen, weights, dWeights, dLogits);
            Compare.Gradients(expected, dLogits, $"{weighting}");
        }
    }

    [Theory]
    [InlineData(9, 4, 4)]
    [InlineData(8, 5, 5)]
    [InlineData(8, 4, 2)]
    [InlineData(2, 4, 4)]
    public void Lengths_that_disagree_are_refused(int logitCount, int chosenCount, int weightCount) =>
        Assert.Throws<ArgumentException>(() => ExpertRouter.Forward(
            ExpertWeighting.AmongAll, new float[logitCount], 2, new int[chosenCount], new float[weightCount]));

    // The definitions: soft-max over all, and for the weights among the chosen divided by their sum.
    private static double[] Naive(ExpertWeighting weighting, double[] logits, int[] chosen)
    {
        double all = logits.Sum(Math.Exp);
        double[] shares = [.. chosen.Select(expert => Math.Exp(logits[expert]) / all)];
        return weighting == ExpertWeighting.AmongAll ? shares : [.. shares.Select(share => share / shares.Sum())];
    }
}
