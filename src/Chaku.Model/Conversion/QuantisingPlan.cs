using System.Globalization;
using System.Text.RegularExpressions;
using Chaku.Kernels.Formats;
using Chaku.Model.Decoding;
using Chaku.Model.Families;
using Chaku.Model.Files;

namespace Chaku.Model.Conversion;

/// <summary>Which format each tensor of a file gets.</summary>
internal sealed partial class QuantisingPlan
{
    private const string ExpertsEnd = "_exps";

    // Small, and everything depends on them: they stay as they are.
    private static readonly string[] KeptModules = ["ffn_gate_inp", "position_embd", "token_types"];

    private QuantisingPlan(QuantMix mix, IReadOnlyList<PlannedTensor> tensors)
    {
        Mix = mix;
        Tensors = tensors;
    }

    /// <summary>The mix.</summary>
    public QuantMix Mix { get; }

    /// <summary>Every tensor, in the file's order.</summary>
    public IReadOnlyList<PlannedTensor> Tensors { get; }

    /// <summary>Bytes of all tensors in the new file.</summary>
    public long ByteLength => Tensors.Sum(tensor => tensor.Format.ByteLength(tensor.Source.ElementCount));

    /// <summary>Matrices that are quantised already and are rounded a second time.</summary>
    public int RequantisedCount => Tensors.Count(tensor =>
        tensor.Source.Format != tensor.Format && tensor.Source.Format.BlockLength > 1);

    /// <summary>Matrices that another format had to be taken for, because their rows are too short.</summary>
    public IReadOnlyList<PlannedTensor> Narrow => [.. Tensors.Where(tensor => tensor.IsNarrow)];

    /// <summary>Plans a file.</summary>
    /// <param name="source">The model.</param>
    /// <param name="config">Its computation.</param>
    /// <param name="mix">The mix.</param>
    /// <param name="isPure">Whether every matrix gets the mix's own format.</param>
    /// <param name="hasImportance">Whether it is known which columns count.</param>
    public static QuantisingPlan Of(
        GgufSource source, DecoderConfig config, QuantMix mix, bool isPure, bool hasImportance = false)
    {
        bool isTied = source.File.Find(DecoderWeightsReader.OutputHead) is null;
        MixPlace model = new(
            "",
            IsOutput: false,
            Layer: 0,
            config.LayerCount,
            config.Attention.HeadCount / config.Attention.KvHeadCount,
            config.FeedForward.Experts?.Count ?? 0)
        {
            HasImportance = hasImportance,
        };
        return new(mix, [.. source.File.Tensors.Select(tensor => Plan(tensor, model, mix, isPure, isTied))]);
    }

    private static PlannedTensor Plan(GgufTensor tensor, MixPlace model, QuantMix mix, bool isPure, bool isTied)
    {
        Match match = LayerName().Match(tensor.Name);
        string module = match.Groups["module"].Value;
        if (!match.Success || tensor.Dimensions.Count < 2 || KeptModules.Contains(module)
            || module.EndsWith("norm", StringComparison.Ordinal))
        {
            return new(tensor, tensor.Format, IsNarrow: false);
        }

        string embedding = DecoderWeightsReader.TokenEmbedding;
        MixPlace place = model with
        {
            Module = module.EndsWith(ExpertsEnd, StringComparison.Ordinal) ? module[..^ExpertsEnd.Length] : module,
            IsOutput = tensor.Name == DecoderWeightsReader.OutputHead || (isTied && tensor.Name == embedding),
            Layer = int.TryParse(match.Groups["layer"].Value, CultureInfo.InvariantCulture, out int layer) ? layer : 0,
        };
        TensorFormat format = mix.FormatOf(place, isPure, tensor.Dimensions[0]);
        return new(tensor, format, format != mix.FormatOf(place, isPure, columns: 0));
    }

    [GeneratedRegex(@"^(blk\.(?<layer>[0-9]+)\.)?(?<module>[a-z_0-9]+)\.weight$", RegexOptions.ExplicitCapture)]
    private static partial Regex LayerName();
}

/// <summary>What becomes of a tensor.</summary>
/// <param name="Source">The tensor as it is.</param>
/// <param name="Format">The format that it gets; its own where it stays as it is.</param>
/// <param name="IsNarrow">Whether its rows are too short for the format that the mix wants.</param>
internal sealed record PlannedTensor(GgufTensor Source, TensorFormat Format, bool IsNarrow);
