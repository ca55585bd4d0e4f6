using Chaku.Model.Generation;
using Chaku.Model.Generation.Samplers;

namespace Chaku.Model.Tests.Generation;

/// <summary>Each entry of the table against values worked out by hand from its published definition.</summary>
public sealed class SamplersTests
{
    private const float Never = float.NegativeInfinity;

    // Probabilities are eˡ / 30.491193: 0.2423, 0.0121, 0.0541, 0.6587 and 0.0328.
    private static readonly float[] Logits = [2, -1, 0.5f, 3, 0];

    private static readonly int[] Prompt = [0, 1];

    private static readonly int[] Answer = [3, 3];

    private static readonly Case[] Cases =
    [
        new(
            "logit bias",
            new() { LogitBias = new Dictionary<int, float> { [2] = 4, [3] = Never } },
            [2, -1, 4.5f, Never, 0]),
        new("repetition penalty", new() { RepetitionPenalty = 2 }, [1, -2, 0.5f, 1.5f, 0]),
        new("frequency and presence penalty", new() { FrequencyPenalty = 0.5f }, [2, -1, 0.5f, 2, 0]),
        new("frequency and presence penalty", new() { PresencePenalty = 0.25f }, [2, -1, 0.5f, 2.75f, 0]),
        new(
            "frequency and presence penalty",
            new() { FrequencyPenalty = 0.5f, PresencePenalty = 0.25f },
            [2, -1, 0.5f, 1.75f, 0]),
        new("temperature", new() { Temperature = 0.5f }, [4, -2, 1, 6, 0]),
        new("top-k", new() { TopK = 2 }, [2, null, null, 3, null]),
        new("top-k", new() { TopK = 9 }, [2, -1, 0.5f, 3, 0]),
        new("top-p", new() { TopP = 0.65f }, [null, null, null, 3, null]),
        new("top-p", new() { TopP = 0.66f }, [2, null, null, 3, null]),
        new("top-p", new() { TopP = 0.9f }, [2, null, null, 3, null]),
        new("top-p", new() { TopP = 0.95f }, [2, null, 0.5f, 3, null]),
        new("top-p", new() { TopP = 1e-9f }, [null, null, null, 3, null]),
        new("min-p", new() { MinP = 0.05f }, [2, null, 0.5f, 3, null]),
        new("min-p", new() { MinP = 0.04f }, [2, null, 0.5f, 3, 0]),
        new("min-p", new() { MinP = 1 }, [null, null, null, 3, null]),
    ];

    public static TheoryData<int> CaseNumbers => [.. Enumerable.Range(0, Cases.Length)];

    [Theory]
    [MemberData(nameof(CaseNumbers))]
    public void A_sampler_does_what_its_definition_says(int number)
    {
        Case worked = Cases[number];
        Sampler sampler = Assert.Single(Samplers.All, entry => entry.Name == worked.Sampler);
        Candidates candidates = new(Logits.Length);
        candidates.Reset(Logits);
        TokenHistory history = new(Prompt, Logits.Length);
        Array.ForEach(Answer, history.Append);

        Assert.True(sampler.IsActive(worked.Options));
        sampler.Apply(candidates, history, worked.Options);

        float?[] left = new float?[Logits.Length];
        for (int place = 0; place < candidates.Count; place++)
        {
            left[candidates.At(place).Id] = candidates.At(place).Score;
        }

        Assert.Equal(worked.Expected, left);
    }

    [Fact]
    public void Every_sampler_of_the_table_has_a_case() =>
        Assert.Equal(Samplers.All.Select(sampler => sampler.Name), Cases.Select(worked => worked.Sampler).Distinct());

    [Fact]
    public void By_default_no_sampler_is_active() =>
        Assert.DoesNotContain(Samplers.All, sampler => sampler.IsActive(new GenerationOptions()));

    [Fact]
    public void Greedy_picks_cut_nothing()
    {
        GenerationOptions options = new() { Temperature = 0, TopK = 1, TopP = 0.5f, MinP = 0.5f };
        Assert.DoesNotContain(Samplers.All, sampler => sampler.IsActive(options));
    }

    private sealed record Case(string Sampler, GenerationOptions Options, float?[] Expected);
}
