using Chaku.Model.Generation;

namespace Chaku.Model.Tests.Generation;

public sealed class SamplerChainTests
{
    private const int VocabularySize = 2000;

    private static readonly GenerationOptions Everything = new()
    {
        Temperature = 0.9f,
        TopK = 500,
        TopP = 0.9f,
        MinP = 0.001f,
        RepetitionPenalty = 1.1f,
        FrequencyPenalty = 0.1f,
        PresencePenalty = 0.1f,
        LogitBias = new Dictionary<int, float> { [3] = 1, [5] = float.NegativeInfinity },
        Seed = 7,
    };

    [Fact]
    public void A_pick_depends_on_seed_and_position_and_not_on_what_was_drawn_before()
    {
        float[] logits = new float[VocabularySize];
        SamplerChain chain = new(new GenerationOptions { Seed = 1 }, VocabularySize);
        SamplerChain other = new(new GenerationOptions { Seed = 2 }, VocabularySize);
        TokenHistory history = new([], VocabularySize);
        int[] positions = [.. Enumerable.Range(0, 50)];
        int[] forwards = [.. positions.Select(position => chain.Pick(logits, history, position))];
        int[] backwards = [.. positions.Reverse().Select(position => chain.Pick(logits, history, position))];
        int[] others = [.. positions.Select(position => other.Pick(logits, history, position))];

        Assert.Equal(forwards, backwards.Reverse());
        Assert.NotEqual(forwards, others);
        Assert.InRange(forwards.Distinct().Count(), 40, 50);
    }

    // 6,000 draws of a token with probability 2/3: 4,000 ± 5 deviations of √(6,000 · 2/9) = 36.5.
    [Fact]
    public void Draws_have_the_models_distribution()
    {
        float[] logits = [0, MathF.Log(2)];
        SamplerChain chain = new(new GenerationOptions { Seed = 11 }, 2);
        TokenHistory history = new([], 2);
        int ones = Enumerable.Range(0, 6000).Sum(position => chain.Pick(logits, history, position));
        Assert.InRange(ones, 4000 - 183, 4000 + 183);
    }

    [Fact]
    public void Logits_are_left_as_they_are()
    {
        float[] logits = [.. Enumerable.Range(0, VocabularySize).Select(id => MathF.Sin(id))];
        float[] before = [.. logits];
        new SamplerChain(Everything, VocabularySize).Pick(logits, new TokenHistory([1, 2, 3], VocabularySize), 0);
        Assert.Equal(before, logits);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_pick_allocates_nothing(bool isGreedy)
    {
        float[] logits = [.. Enumerable.Range(0, VocabularySize).Select(id => 3 * MathF.Sin(id))];
        SamplerChain chain = new(isGreedy ? Everything with { Temperature = 0 } : Everything, VocabularySize);
        TokenHistory history = new([1, 2, 3], VocabularySize);
        PickMany(0);
        long before = GC.GetAllocatedBytesForCurrentThread();
        PickMany(100);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void PickMany(int start)
        {
            for (int position = start; position < start + 100; position++)
            {
                history.Append(chain.Pick(logits, history, position));
            }
        }
    }
}
