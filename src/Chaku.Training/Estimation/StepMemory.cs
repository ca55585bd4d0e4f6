using Chaku.Kernels.Cache;
using Chaku.Kernels.Formats;
using Chaku.Kernels.Formats.Panels;
using Chaku.Model.Decoding;
using Chaku.Training.Gradients;

namespace Chaku.Training.Estimation;

/// <summary>
/// Bytes of the buffers that a training step holds, worked out from the shapes alone: nothing is allocated.
/// </summary>
/// <param name="decoder">The model.</param>
/// <param name="shape">The step.</param>
internal sealed class StepMemory(Decoder decoder, TrainingShape shape)
{
    // Of a mixture of experts, how much more than its even share of the tokens the busiest expert gets.
    private const double BusiestExpert = 2;

    private readonly DecoderConfig _config = decoder.Config;

    private int Hidden => _config.HiddenSize;

    private int Queries => _config.Attention.QueryWidth;

    private int Keys => _config.Attention.KvWidth;

    private int Inner => _config.FeedForward.InnerSize;

    private int Factor => _config.FeedForward.IsGated ? Inner : 0;

    private bool IsSequential => _config.Residual.Layout == ResidualLayout.Sequential;

    /// <summary>What the forward keeps: <see cref="ActivationTape"/>.</summary>
    public long ActivationBytes
    {
        get
        {
            long layer = LayerFloats;
            long layers = shape.UsesGradientCheckpointing
                ? layer + ((_config.LayerCount - 1L) * Hidden)
                : layer * _config.LayerCount;
            return Singles(layers + Hidden) + ExpertBytes;
        }
    }

    /// <summary>What the layer at work needs: <see cref="Workspace"/> and the backward's own.</summary>
    public long BufferBytes => Singles(ForwardFloats + BackwardFloats + AdapterFloats) + RoundedBytes;

    /// <summary>Logits, a tile of rows at a time.</summary>
    public long LogitBytes => sizeof(float) * (_config.Head.SoftCap > 0 ? 2L : 1) * _config.VocabularySize
        * Math.Min(DecoderBackward.RowTile, shape.TokenCount);

    /// <summary>Keys and values: each sequence takes whole pages.</summary>
    public long CacheBytes => decoder.CacheLayout.PageByteLength
        * ((shape.TokenCount + ((KvLayout.PageLength - 1L) * shape.SequenceCount)) / KvLayout.PageLength);

    // A row of one layer's tape.
    private long LayerFloats
    {
        get
        {
            AttentionConfig attention = _config.Attention;
            long floats = Hidden + (2L * Queries) + attention.HeadCount + (IsSequential ? Hidden : 0);
            floats += attention.HasHeadNorm || attention.Clip > 0 ? Queries + (2L * Keys) : 0;
            floats += _config.Residual.HasPostNorms ? 2L * Hidden : 0;
            return floats + (_config.FeedForward.Experts is null ? Inner + Factor : 0);
        }
    }

    // Router logits, weights, and two whole numbers for each pick.
    private long ExpertBytes => _config.FeedForward.Experts is { } experts
        ? sizeof(float) * (experts.Count + (3L * experts.UsedCount)) * shape.TokenCount
            * (shape.UsesGradientCheckpointing ? 1 : _config.LayerCount)
        : 0;

    // The share of the tokens that go through one matrix of the feed forward at a time.
    private double InnerShare => _config.FeedForward.Experts is { } experts
        ? Math.Min(1, BusiestExpert * experts.UsedCount / experts.Count)
        : 1;

    private long FusedWidth => Math.Max(
        _config.Attention.Projection == ProjectionLayout.Separate ? 0 : Queries + (2L * Keys),
        _config.FeedForward.IsFused ? 2L * Inner : 0);

    private double ForwardFloats
    {
        get
        {
            bool hasExperts = _config.FeedForward.Experts is not null;
            bool keepsNothingSomewhere = (shape.UsesGradientCheckpointing && _config.LayerCount > 1) || shape.Validates;
            double floats = (5.0 * Hidden) + (2.0 * Keys) + FusedWidth + (InnerShare * Inner);
            floats += keepsNothingSomewhere ? 2.0 * Queries : 0;
            floats += keepsNothingSomewhere || hasExperts ? InnerShare * Factor : 0;
            floats += hasExperts ? InnerShare * 2 * Hidden : 0;
            return floats + (_config.Position is RotaryConfig rotary ? 2.0 * rotary.DimensionCount : 0);
        }
    }

    private double BackwardFloats
    {
        get
        {
            double floats = (4.0 * Hidden) + (2.0 * Queries) + (2.0 * Keys) + (InnerShare * Inner);
            floats += _config.Residual.HasPostNorms ? Hidden : 0;
            floats += _config.Attention.HasHeadNorm ? Queries : 0;
            floats += _config.FeedForward.Experts is null ? 0 : InnerShare * (Inner + Factor + (2.0 * Hidden));
            return floats + (shape.IsFull && _config.Embedding.HasNorm ? 2.0 * Hidden : 0);
        }
    }

    private double AdapterFloats
    {
        get
        {
            if (shape.IsFull)
            {
                return 0;
            }

            int inner = _config.FeedForward.Experts is null ? Inner : 0;
            double widestInput = Math.Max(Math.Max(Hidden, Queries), inner);
            double widestOutput = Math.Max(Math.Max(widestInput, FusedWidth), Keys);
            return (2.0 * shape.Rank)
                + (shape.HasDropout ? 2 * widestInput : 0)
                + (shape.HasMagnitudes ? 2 * widestOutput : 0);
        }
    }

    // Rows and tiles of activations in 8 bits, for each length of blocks that a weight's format asks for.
    private long RoundedBytes => shape.IsFull ? 0 : decoder.Linears
        .Where(linear => linear.Weight.Format.Kernel is not null)
        .GroupBy(linear => linear.Weight.Format.Kernel!.ActivationLength)
        .Sum(group => group.Max(linear => RowBytes(linear.Weight.Format.Kernel!, linear.InputSize)))
        * shape.TokenCount;

    private static long RowBytes(QuantKernel kernel, int columns)
    {
        int tile = PanelKernel.IsSupported ? kernel.TileByteLength(columns, PanelKernel.TileTokens) : 0;
        return kernel.ActivationByteLength(columns) + (tile / PanelKernel.TileTokens);
    }

    private long Singles(double floatsPerToken) => (long)(sizeof(float) * floatsPerToken * shape.TokenCount);
}
