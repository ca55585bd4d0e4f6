using Chaku.Kernels.Ops;

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

    /// <summary>How tokens enter the residual stream.</summary>
    public EmbeddingConfig Embedding { get; init; } = new();

    /// <summary>Heads and their size.</summary>
    public required AttentionConfig Attention { get; init; }

    /// <summary>How the model knows where a token is.</summary>
    public required PositionConfig Position { get; init; }

    /// <summary>The feed forward of every layer.</summary>
    public required FeedForwardConfig FeedForward { get; init; }

    /// <summary>Every norm but those on single heads.</summary>
    public required NormConfig Norm { get; init; }

    /// <summary>How attention and feed forward join the residual stream.</summary>
    public ResidualConfig Residual { get; init; } = new();

    /// <summary>The output head.</summary>
    public HeadConfig Head { get; init; } = new();
}

/// <summary>x = scale · embedding(token), perhaps normed.</summary>
/// <param name="Scale">Factor of the token embedding.</param>
/// <param name="HasNorm">Whether a norm follows.</param>
internal sealed record EmbeddingConfig(float Scale = 1, bool HasNorm = false);

/// <summary>The output head: logits = cap(x · Wᵀ + bias).</summary>
/// <param name="HasBias">Whether a bias is added.</param>
/// <param name="SoftCap">Logits become cap · tanh(logits / cap); 0 for none.</param>
/// <param name="IsTied">Whether W is the token embedding.</param>
internal sealed record HeadConfig(bool HasBias = false, float SoftCap = 0, bool IsTied = false);

/// <summary>What a norm computes.</summary>
internal enum NormKind
{
    /// <summary>x · weight / √(mean(x²) + ε).</summary>
    Rms,

    /// <summary>(x − mean) / √(variance + ε) · weight + bias.</summary>
    Layer,
}

/// <summary>A norm over the residual stream.</summary>
/// <param name="Kind">What it computes.</param>
/// <param name="Epsilon">Added to the mean square, or to the variance.</param>
/// <param name="HasBias">Whether a bias is added.</param>
internal sealed record NormConfig(NormKind Kind, float Epsilon, bool HasBias = false);

/// <summary>What attention and feed forward read.</summary>
internal enum ResidualLayout
{
    /// <summary>x += attention(norm₁(x)), then x += feed forward(norm₂(x)).</summary>
    Sequential,

    /// <summary>x += attention(n) + feed forward(n), with n = norm(x).</summary>
    ParallelOneNorm,

    /// <summary>x += attention(norm₁(x)) + feed forward(norm₂(x)).</summary>
    ParallelTwoNorms,
}

/// <summary>How the two blocks of a layer join the residual stream.</summary>
/// <param name="Layout">What they read.</param>
/// <param name="HasPostNorms">Whether each block's output is normed before it is added.</param>
internal sealed record ResidualConfig(
    ResidualLayout Layout = ResidualLayout.Sequential, bool HasPostNorms = false);

/// <summary>down(f(gate(x)) · up(x)), or down(f(up(x))) without a gate.</summary>
/// <param name="InnerSize">Floats of gate and up.</param>
/// <param name="Activation">f.</param>
internal sealed record FeedForwardConfig(int InnerSize, ActivationFunction Activation)
{
    /// <summary>Whether there is a gate.</summary>
    public bool IsGated { get; init; }

    /// <summary>Whether gate and up are one matrix, the gate's rows first.</summary>
    public bool IsFused { get; init; }

    /// <summary>Whether up (and gate) and down have biases.</summary>
    public bool HasBias { get; init; }

    /// <summary>Several feed forwards of which a router picks some; null for a single one.</summary>
    public ExpertsConfig? Experts { get; init; }
}

/// <summary>A mixture of experts.</summary>
/// <param name="Count">Experts.</param>
/// <param name="UsedCount">Experts that a token goes through.</param>
/// <param name="Weighting">How router logits become the weights of the experts that were picked.</param>
internal sealed record ExpertsConfig(int Count, int UsedCount, ExpertWeighting Weighting);
