using Chaku.Kernels.Ops;

namespace Chaku.Model.Decoding;

/// <summary>How the model knows where a token is: one of the records below.</summary>
internal abstract record PositionConfig;

/// <summary>A bias of the scores that grows with the distance: slope · (key position − query position).</summary>
/// <param name="MaxBias">The slopes follow from it and the number of heads.</param>
/// <remarks>Source: arXiv:2108.12409.</remarks>
internal sealed record AlibiConfig(float MaxBias) : PositionConfig
{
    /// <summary>The largest bias of every known model whose settings do not name another.</summary>
    public const float UsualMaxBias = 8;

    /// <summary>
    /// Not 0: the bias is factor · BF16(BF16(slope) · BF16(key position)), added before scores are scaled.
    /// </summary>
    public float RoundedFactor { get; init; }
}

/// <summary>A learned vector for each position, added to the token's embedding.</summary>
/// <param name="Count">Positions that have one; a sequence cannot be longer.</param>
internal sealed record LearnedPositionConfig(int Count) : PositionConfig;

/// <summary>
/// Rotary embedding: pair i of a head's dimensions turns by position · scale · base^(−2i / dimensions) / divisor i.
/// </summary>
/// <param name="DimensionCount">Rotated dimensions of a head, its first; even.</param>
/// <param name="Base">θ, usually 10,000 or 500,000.</param>
internal sealed record RotaryConfig(int DimensionCount, double Base) : PositionConfig
{
    /// <summary>Which dimensions make a pair.</summary>
    public RotaryLayout Layout { get; init; }

    /// <summary>What positions are multiplied with: 1 / factor for linear scaling.</summary>
    public double PositionScale { get; init; } = 1;

    /// <summary>[dimensions / 2]; empty where no frequencies are scaled.</summary>
    public IReadOnlyList<float> Divisors { get; init; } = [];

    /// <summary>Factors for long contexts; null where the divisors serve every context.</summary>
    public LongRotaryConfig? Long { get; init; }

    /// <summary>The embedding for a model that runs with a context of this length.</summary>
    public RotaryConfig For(int contextLength) =>
        Long is null || contextLength <= Long.OriginalContextLength ? this : this with { Divisors = Long.Divisors };

    /// <summary>Factor of sines and cosines.</summary>
    public float Magnitude => Long?.Magnitude ?? 1;

    /// <summary>Radians that each pair turns by a position.</summary>
    public double[] Frequencies()
    {
        double[] frequencies = new double[DimensionCount / 2];
        for (int pair = 0; pair < frequencies.Length; pair++)
        {
            double divisor = Divisors.Count == 0 ? 1 : Divisors[pair];
            frequencies[pair] = PositionScale * Math.Pow(Base, -2.0 * pair / DimensionCount) / divisor;
        }

        return frequencies;
    }
}

/// <summary>Frequencies of a model whose context was made longer (LongRoPE).</summary>
/// <param name="OriginalContextLength">Contexts up to this length use the short divisors.</param>
/// <param name="Divisors">[dimensions / 2], for longer contexts.</param>
/// <param name="Magnitude">Factor of sines and cosines, for every context.</param>
/// <remarks>Source: arXiv:2402.13753.</remarks>
internal sealed record LongRotaryConfig(int OriginalContextLength, IReadOnlyList<float> Divisors, float Magnitude);
