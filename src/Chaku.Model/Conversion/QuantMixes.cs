namespace Chaku.Model.Conversion;

/// <summary>
/// The table of mixes: which format each matrix of a quantised file gets. A new one is one entry here.
/// </summary>
/// <remarks>
/// Names, file types and choices are those of llama.cpp (<c>src/llama-quant.cpp</c>, commit 007dbbf3), so that files
/// mean what their users expect; docs/formats/quantising.md says which of its choices are not made here.
/// </remarks>
internal static class QuantMixes
{
    private const string Keys = "attn_k";
    private const string AttentionOutput = "attn_output";
    private const string Down = "ffn_down";

    // So many experts share one attention, whose keys and values take little beside them.
    private const int ManyExperts = 8;

    /// <summary>Every mix, the smallest files first.</summary>
    public static readonly IReadOnlyList<QuantMix> All =
    [
        new("Q2_K_S", 21, "Q2_K",
        [
            .. Experts(), .. Values("Q4_K", SharesValues), new(Down, "Q4_K", IsInFirstEighth),
        ]),
        new("Q2_K", 10, "Q2_K",
        [
            .. SmallExperts(),
            .. Values("Q4_K", SharesValues), .. Values("Q3_K"),
            new(Down, "Q3_K"), new(AttentionOutput, "Q3_K"),
        ]),
        new("Q3_K_S", 11, "Q3_K", SmallExperts()),
        new("Q3_K_M", 12, "Q3_K",
        [
            .. SmallExperts(),
            .. Values("Q5_K", place => place.Layer < 2), .. Values("Q4_K"),
            new(Down, "Q5_K", place => place.Layer < place.LayerCount / 16), new(Down, "Q4_K"),
            new(AttentionOutput, "Q4_K"),
        ])
        {
            Alias = "Q3_K",
        },
        new("Q3_K_L", 13, "Q3_K",
        [
            .. Experts(), .. Values("Q5_K"), new(Down, "Q5_K"),
            new(AttentionOutput, "Q5_K", place => !HasManyExperts(place)),
        ]),
        new("Q4_0", 2, "Q4_0", [.. Experts(), new(Down, "Q4_1", GuardsImportance)]),
        new("Q4_1", 3, "Q4_1", Experts()),
        new("Q4_K_S", 14, "Q4_K",
        [
            .. SmallExperts(), .. Values("Q5_K", place => place.Layer < 4), new(Down, "Q5_K", IsInFirstEighth),
        ]),
        new("Q4_K_M", 15, "Q4_K",
        [
            .. SmallExperts(), .. Values("Q6_K", TakesMoreBits), new(Down, "Q6_K", TakesMoreBits),
        ])
        {
            Alias = "Q4_K",
        },
        new("Q5_0", 8, "Q5_0", [.. Experts(), new(Down, "Q5_1", GuardsImportance)]),
        new("Q5_1", 9, "Q5_1", Experts()),
        new("Q5_K_S", 16, "Q5_K", Experts()),
        new("Q5_K_M", 17, "Q5_K",
        [
            .. Experts(), .. Values("Q6_K", TakesMoreBits), new(Down, "Q6_K", TakesMoreBits),
        ])
        {
            Alias = "Q5_K",
        },
        new("Q6_K", 18, "Q6_K", Experts()),
        new("Q8_0", 7, "Q8_0", []) { Output = "Q8_0" },
        new("F16", 1, "F16", []) { Output = "F16" },
        new("BF16", 32, "BF16", []) { Output = "BF16" },
        new("F32", 0, "F32", []) { Output = "F32" },
    ];

    /// <summary>The mix of a name or an alias, however its letters are written; null where there is none.</summary>
    public static QuantMix? Find(string name) => All.FirstOrDefault(mix =>
        mix.Name.Equals(name, StringComparison.OrdinalIgnoreCase)
        || name.Equals(mix.Alias, StringComparison.OrdinalIgnoreCase));

    private static MixRule[] Experts() => [.. Values("Q8_0", HasManyExperts), new(Keys, "Q8_0", HasManyExperts)];

    private static MixRule[] SmallExperts() => [.. Experts(), new(AttentionOutput, "Q5_K", HasManyExperts)];

    // One matrix of queries, keys and values counts as values.
    private static MixRule[] Values(string format, Predicate<MixPlace>? when = null) =>
        [new("attn_v", format, when), new("attn_qkv", format, when)];

    private static bool HasManyExperts(MixPlace place) => place.ExpertCount == ManyExperts;

    private static bool SharesValues(MixPlace place) => place.HeadsPerKvHead >= 4;

    private static bool IsInFirstEighth(MixPlace place) => place.Layer < place.LayerCount / 8;

    // What the first layers' way down is rounded to by importance can go wrong without a minimum.
    private static bool GuardsImportance(MixPlace place) => place.HasImportance && IsInFirstEighth(place);

    // The first and the last eighth of the layers, and every third between them.
    private static bool TakesMoreBits(MixPlace place) =>
        IsInFirstEighth(place)
        || place.Layer >= 7 * place.LayerCount / 8
        || (place.Layer - (place.LayerCount / 8)) % 3 == 2;
}
