using Chaku.Kernels.Ops;
using Chaku.Model.Generation;
using CsCheck;

namespace Chaku.Model.Tests.Generation;

/// <summary>Selection without a sort picks what a sort picks, whatever the scores are.</summary>
public sealed class SelectionTests
{
    private static readonly float[] Temperatures = [0, 0.1f, 0.7f, 1, 3];

    private static readonly Gen<float> Score = Gen.Frequency(
        (20, Gen.Float[-9, 9]),
        (20, Gen.Int[-2, 2].Select(value => (float)value)),
        (3, Gen.Const(float.NegativeInfinity)),
        (2, Gen.Const(-0f)),
        (1, Gen.Float[-1e30f, 1e30f]));

    // What a model should never give: the answer is still the sort's.
    private static readonly Gen<float> HostileScore = Gen.Frequency(
        (8, Score), (1, Gen.Const(float.NaN)), (1, Gen.Const(float.PositiveInfinity)));

    private static readonly Gen<float[]> Logits = Gen.OneOf(
        Score.Array[1, 40],
        Score.Array[1, 3000],
        HostileScore.Array[1, 200],
        Gen.Const(float.NaN).Array[1, 20],
        Gen.Const(float.NegativeInfinity).Array[1, 20]);

    private static readonly Gen<GenerationOptions> Options = Gen.Select(
        Gen.Int[0, 4].Select(number => Temperatures[number]),
        Gen.OneOf(Gen.Const(0), Gen.Int[1, 50], Gen.Int[1, 3000]),
        Gen.OneOf(Gen.Const(1f), Gen.Float[0.01f, 0.999f]),
        Gen.OneOf(Gen.Const(0f), Gen.Float[0.001f, 1]),
        Gen.ULong)
        .Select((temperature, topK, topP, minP, seed) => new GenerationOptions
        {
            Temperature = temperature,
            TopK = topK,
            TopP = topP,
            MinP = minP,
            Seed = seed,
        });

    [Fact]
    public void A_pick_is_that_of_a_sampler_that_sorts() =>
        Gen.Select(Logits, Options).Sample((logits, options) => AssertSame(logits, options), iter: 3000);

    [Fact]
    public void A_pick_from_a_large_vocabulary_is_that_of_a_sampler_that_sorts() => Gen.Select(
        Gen.Int[100_000, 270_000], Gen.Double[0.01, 20], Gen.Int, Options)
        .Sample((size, spread, seed, options) => AssertSame(Scores(size, spread, seed), options), iter: 20);

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.999)]
    [InlineData(1)]
    public void A_nucleus_of_equals_is_the_share_of_them(double share)
    {
        Candidates candidates = new(4000);
        candidates.Reset(new float[4000]);
        candidates.KeepShare(share);
        Assert.Equal((int)Math.Ceiling(4000 * share), candidates.Count);
        Assert.Equal(new Candidate(candidates.Count - 1, 0), candidates.At(candidates.Count - 1));
    }

    [Fact]
    public void A_cut_of_a_cut_is_sorted_too() =>
        Gen.Select(Score.Array[1, 900], Gen.Float[-5, 5], Gen.Int[1, 900], Gen.Double[0.01, 0.99]).Sample(
            (logits, least, count, share) =>
            {
                Candidates candidates = new(logits.Length);
                candidates.Reset(logits);
                candidates.KeepFrom(least);
                List<Candidate> left = [.. Left(candidates)];
                candidates.KeepBest(count);
                candidates.KeepShare(share);
                left = count < left.Count ? SortedSampler.KeepBest(left, count) : left;
                Assert.Equal(SortedSampler.KeepShare(left, share), Left(candidates));
            });

    [Fact]
    public void Keys_sort_as_candidates_do_and_come_back() => Gen.Select(HostileScore, HostileScore).Sample((a, b) =>
    {
        ulong first = CandidateKeys.Of(7, a);
        ulong second = CandidateKeys.Of(3, b);
        Assert.Equal(new Candidate(7, a).CompareTo(new Candidate(3, b)), first.CompareTo(second));
        Assert.Equal((7, a), (CandidateKeys.Id(first), CandidateKeys.Score(first)));
    });

    private static IEnumerable<Candidate> Left(Candidates candidates) =>
        Enumerable.Range(0, candidates.Count).Select(candidates.At);

    private static void AssertSame(float[] logits, GenerationOptions options)
    {
        SamplerChain chain = new(options, logits.Length);
        TokenHistory history = new([], logits.Length);
        for (int position = 0; position < 3; position++)
        {
            double draw = CounterRandom.Uniform(options.Seed, (ulong)position, 0);
            Assert.Equal(SortedSampler.Pick(logits, options, draw), chain.Pick(logits, history, position));
        }
    }

    private static float[] Scores(int size, double spread, int seed)
    {
        Random random = new(seed);
        return
        [
            .. Enumerable.Range(0, size).Select(_ => (float)(spread * (random.NextDouble() - random.NextDouble()))),
        ];
    }
}
