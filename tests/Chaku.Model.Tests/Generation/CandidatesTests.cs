using Chaku.Model.Generation;
using CsCheck;

namespace Chaku.Model.Tests.Generation;

/// <summary>Cuts and draws against the plainest way to do them.</summary>
public sealed class CandidatesTests
{
    // Few different values, so that many are equal.
    private static readonly Gen<float[]> Logits =
        Gen.OneOf(Gen.Float[-9, 9], Gen.Int[-2, 2].Select(value => (float)value)).Array[1, 400];

    [Fact]
    public void The_best_are_those_of_a_sort_with_ties_to_the_lower_id() =>
        Gen.Select(Logits, Gen.Int[1, 420]).Sample((logits, count) =>
        {
            Candidates candidates = Create(logits);
            candidates.KeepBest(count);
            Assert.Equal(Sorted(logits).Take(count).Order(), Left(candidates).Select(left => left.Id).Order());
        });

    [Fact]
    public void The_nucleus_is_the_shortest_beginning_of_a_sort_that_reaches_the_share() =>
        Gen.Select(Logits, Gen.Double[0.01, 0.99]).Sample((logits, share) =>
        {
            Candidates candidates = Create(logits);
            candidates.KeepShare(share);
            double[] weights = [.. Sorted(logits).Select(id => Math.Exp(logits[id] - logits.Max()))];
            int[] left = [.. Left(candidates).Select(candidate => candidate.Id)];
            Assert.Equal(Sorted(logits).Take(left.Length), left);
            Assert.InRange(weights.Take(left.Length).Sum(), share * weights.Sum() * 0.99999, double.MaxValue);
            Assert.InRange(weights.Take(left.Length - 1).Sum(), 0, share * weights.Sum() * 1.00001);
        });

    [Fact]
    public void The_best_one_has_the_lowest_id_of_equals()
    {
        Assert.Equal(1, Create(1, 5, 5, 2).Best().Id);
        Assert.Equal(0, Create(float.NegativeInfinity, float.NegativeInfinity).Best().Id);
        Assert.Equal(1, Create(float.NaN, -3).Best().Id);
    }

    // Shares of e² : e⁻¹ : √e : e³ : 1 end at 0.2423, 0.2544, 0.3085, 0.9672 and 1.
    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.24, 0)]
    [InlineData(0.25, 1)]
    [InlineData(0.3, 2)]
    [InlineData(0.31, 3)]
    [InlineData(0.96, 3)]
    [InlineData(0.97, 4)]
    [InlineData(0.9999999999999999, 4)]
    public void A_draw_falls_into_its_share(double share, int expected) =>
        Assert.Equal(expected, Create(2, -1, 0.5f, 3, 0).Draw(share));

    [Fact]
    public void A_forbidden_token_is_never_drawn() =>
        Gen.Double[0, 1].Where(share => share < 1).Sample(
            share => Assert.Equal(1, Create(float.NegativeInfinity, 0, float.NegativeInfinity).Draw(share)));

    [Fact]
    public void Scores_cannot_change_after_a_cut()
    {
        Candidates candidates = Create(1, 2, 3);
        candidates.KeepBest(2);
        Assert.Throws<InvalidOperationException>(() => candidates.SetScore(0, 1));
    }

    private static IEnumerable<Candidate> Left(Candidates candidates) =>
        Enumerable.Range(0, candidates.Count).Select(candidates.At);

    private static Candidates Create(params float[] logits)
    {
        Candidates candidates = new(logits.Length);
        candidates.Reset(logits);
        return candidates;
    }

    private static IEnumerable<int> Sorted(float[] logits) =>
        Enumerable.Range(0, logits.Length).OrderByDescending(id => logits[id]).ThenBy(id => id);
}
