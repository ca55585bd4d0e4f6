namespace Chaku.Model.Generation.Samplers;

/// <summary>The table of samplers. A new one is one file and one line here.</summary>
internal static class Samplers
{
    /// <summary>Every sampler, in the order in which they act: scores first, then cuts.</summary>
    public static readonly IReadOnlyList<Sampler> All =
    [
        new LogitBias(),
        new RepetitionPenalty(),
        new FrequencyAndPresencePenalty(),
        new Temperature(),
        new TopK(),
        new TopP(),
        new MinP(),
    ];
}
