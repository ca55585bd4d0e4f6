namespace Chaku.RandomModel;

/// <summary>Which matrix of a model is stored in which format: what llama.cpp's quantiser gives a name to.</summary>
/// <param name="Name">The mix's name.</param>
/// <param name="FileType">Its number in <c>general.file_type</c>.</param>
/// <param name="Usual">The format of all matrices that are not named here.</param>
/// <remarks>
/// Source: llama.cpp, llama-quant.cpp, the choice of a tensor's type, and llama.h, <c>llama_ftype</c>.
/// </remarks>
internal sealed record WeightMix(string Name, uint FileType, string Usual)
{
    /// <summary>Every mix; a line each.</summary>
    public static readonly IReadOnlyList<WeightMix> All =
    [
        new("F32", 0, "F32"),
        new("F16", 1, "F16"),
        new("BF16", 32, "BF16"),
        new("Q8_0", 7, "Q8_0"),
        new("Q4_0", 2, "Q4_0") { Output = "Q6_K" },
        new("Q4_1", 3, "Q4_1") { Output = "Q6_K" },
        new("Q5_0", 8, "Q5_0") { Output = "Q6_K" },
        new("Q5_1", 9, "Q5_1") { Output = "Q6_K" },
        new("Q2_K", 10, "Q2_K") { Output = "Q6_K", Value = (_, _) => "Q4_K", Down = (_, _) => "Q3_K", Joined = "Q3_K" },
        new("Q3_K_S", 11, "Q3_K") { Output = "Q6_K" },
        new("Q3_K_M", 12, "Q3_K")
        {
            Output = "Q6_K",
            Value = (layer, _) => layer < 2 ? "Q5_K" : "Q4_K",
            Down = (layer, count) => layer < count / 16 ? "Q5_K" : "Q4_K",
            Joined = "Q4_K",
        },
        new("Q3_K_L", 13, "Q3_K")
        {
            Output = "Q6_K", Value = (_, _) => "Q5_K", Down = (_, _) => "Q5_K", Joined = "Q5_K",
        },
        new("Q4_K_S", 14, "Q4_K")
        {
            Output = "Q6_K",
            Value = (layer, _) => layer < 4 ? "Q5_K" : "Q4_K",
            Down = (layer, count) => layer < count / 8 ? "Q5_K" : "Q4_K",
        },
        new("Q4_K_M", 15, "Q4_K") { Output = "Q6_K", Value = SixBitsOr("Q4_K"), Down = SixBitsOr("Q4_K") },
        new("Q5_K_S", 16, "Q5_K") { Output = "Q6_K" },
        new("Q5_K_M", 17, "Q5_K") { Output = "Q6_K", Value = SixBitsOr("Q5_K"), Down = SixBitsOr("Q5_K") },
        new("Q6_K", 18, "Q6_K"),
    ];

    /// <summary>The output head's format.</summary>
    public string Output { get; init; } = Usual;

    /// <summary>The format of the matrix behind attention.</summary>
    public string Joined { get; init; } = Usual;

    /// <summary>The format of the matrix to values, by layer and number of layers.</summary>
    public Func<int, int, string> Value { get; init; } = (_, _) => Usual;

    /// <summary>The format of the matrix at the end of the feed forward, by layer and number of layers.</summary>
    public Func<int, int, string> Down { get; init; } = (_, _) => Usual;

    /// <summary>The mix of a name.</summary>
    /// <exception cref="ArgumentException">There is none; the message has all names.</exception>
    public static WeightMix Of(string name) => All.FirstOrDefault(mix => mix.Name == name)
        ?? throw new ArgumentException(
            $"the format is one of {string.Join(", ", All.Select(mix => mix.Name))}, not '{name}'");

    // The first and last eighth of the layers, and every third of the others.
    private static Func<int, int, string> SixBitsOr(string usual) => (layer, count) =>
        layer < count / 8 || layer >= 7 * count / 8 || (layer - (count / 8)) % 3 == 2 ? "Q6_K" : usual;
}
