namespace Chaku.Model.Decoding;

/// <summary>The computation of a decoder, described by its parts. It names no model family.</summary>
internal sealed record DecoderConfig
{
    /// <summary>Rows of the token embedding.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Floats in the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Layers.</summary>
    public required int LayerCount { get; init; }

    /// <summary>Positions that the model was made for.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Heads and their size.</summary>
    public required AttentionConfig Attention { get; init; }

    /// <summary>How positions turn queries and keys.</summary>
    public required RotaryConfig Rotary { get; init; }

    /// <summary>The gated feed forward.</summary>
    public required FeedForwardConfig FeedForward { get; init; }

    /// <summary>The norms before attention, feed forward and output head.</summary>
    public required NormConfig Norm { get; init; }
}

/// <summary>Causal self-attention with grouped queries; one KV head is multi-query attention.</summary>
/// <param name="HeadCount">Query heads.</param>
/// <param name="KvHeadCount">KV heads; divides the query heads.</param>
/// <param name="HeadSize">Floats in a head.</param>
internal sealed record AttentionConfig(int HeadCount, int KvHeadCount, int HeadSize)
{
    /// <summary>Floats of all query heads.</summary>
    public int QueryWidth => HeadCount * HeadSize;

    /// <summary>Floats of all KV heads.</summary>
    public int KvWidth => KvHeadCount * HeadSize;
}

/// <summary>
/// Rotary embedding of neighbouring pairs: pair i turns by position · base^(−2i / dimensions) / divisor i.
/// </summary>
/// <param name="DimensionCount">Rotated dimensions of a head; even.</param>
/// <param name="Base">θ, usually 10,000 or 500,000.</param>
/// <param name="PositionScale">What positions are multiplied with: 1 / factor for linear scaling.</param>
/// <param name="Divisors">[dimensions / 2]; all 1 where the file scales no frequencies.</param>
internal sealed record RotaryConfig(
    int DimensionCount, double Base, double PositionScale, IReadOnlyList<float> Divisors)
{
    /// <summary>Radians that each pair turns by a position.</summary>
    public double[] Frequencies()
    {
        double[] frequencies = new double[DimensionCount / 2];
        for (int pair = 0; pair < frequencies.Length; pair++)
        {
            frequencies[pair] = PositionScale * Math.Pow(Base, -2.0 * pair / DimensionCount) / Divisors[pair];
        }

        return frequencies;
    }
}

/// <summary>down(SiLU(gate(x)) · up(x)).</summary>
/// <param name="InnerSize">Floats of gate and up.</param>
internal sealed record FeedForwardConfig(int InnerSize);

/// <summary>RMS norm before each block.</summary>
/// <param name="Epsilon">Added to the mean square.</param>
internal sealed record NormConfig(float Epsilon);
