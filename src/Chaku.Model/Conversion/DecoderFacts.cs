using System.Globalization;
using Chaku.Model.Decoding;

namespace Chaku.Model.Conversion;

/// <summary>
/// What a computation is, a name and a value each, without the layouts in which files have its weights: two files with
/// the same facts and weights compute the same.
/// </summary>
internal static class DecoderFacts
{
    /// <summary>The first fact in which two computations differ; null where they are one.</summary>
    public static (string Name, string Expected, string Found)? Difference(
        DecoderConfig expected, DecoderConfig found) =>
        Of(expected).Zip(Of(found))
            .Where(pair => pair.First.Value != pair.Second.Value)
            .Select(pair => ((string, string, string)?)(pair.First.Name, pair.First.Value, pair.Second.Value))
            .FirstOrDefault();

    /// <summary>All facts, in a fixed order.</summary>
    public static IReadOnlyList<(string Name, string Value)> Of(DecoderConfig config) =>
    [
        ("vocabulary", Text(config.VocabularySize)),
        ("hidden size", Text(config.HiddenSize)),
        ("layers", Text(config.LayerCount)),
        ("context", Text(config.ContextLength)),
        ("scale of the embedding", Text(config.Embedding.Scale)),
        ("norm of the embedding", Text(config.Embedding.HasNorm)),
        .. OfAttention(config.Attention),
        ("positions", OfPosition(config.Position)),
        .. OfFeedForward(config.FeedForward),
        ("kind of norms", config.Norm.Kind.ToString()),
        ("epsilon of norms", Text(config.Norm.Epsilon)),
        ("biases of norms", Text(config.Norm.HasBias)),
        ("order of the blocks", config.Residual.Layout.ToString()),
        ("norms behind the blocks", Text(config.Residual.HasPostNorms)),
        ("bias of the output head", Text(config.Head.HasBias)),
        ("cap of the logits", Text(config.Head.SoftCap)),
        ("tied output head", Text(config.Head.IsTied)),
    ];

    private static IEnumerable<(string Name, string Value)> OfAttention(AttentionConfig attention) =>
    [
        ("heads", Text(attention.HeadCount)),
        ("KV heads", Text(attention.KvHeadCount)),
        ("head size", Text(attention.HeadSize)),
        ("biases of attention", Text(attention.HasBias)),
        ("bias of attention's output", Text(attention.HasOutputBias)),
        ("norms of heads", Text(attention.HasHeadNorm)),
        ("scale of the scores", Text(attention.Scale)),
        ("cap of the scores", Text(attention.SoftCap)),
        ("limit of queries, keys and values", Text(attention.Clip)),
        ("windows", Text(attention.Windows)),
    ];

    private static IEnumerable<(string Name, string Value)> OfFeedForward(FeedForwardConfig feedForward) =>
    [
        ("width of the feed forward", Text(feedForward.InnerSize)),
        ("activation", feedForward.Activation.Name),
        ("gate", Text(feedForward.IsGated)),
        ("biases of the feed forward", Text(feedForward.HasBias)),
        ("experts", feedForward.Experts?.ToString() ?? "none"),
    ];

    private static string OfPosition(PositionConfig position) => position switch
    {
        AlibiConfig alibi => $"ALiBi {Text(alibi.MaxBias)}, rounded {Text(alibi.RoundedFactor)}",
        LearnedPositionConfig learned => $"learned {Text(learned.Count)}",
        RotaryConfig rotary => $"rotary {Text(rotary.DimensionCount)} of base {Text(rotary.Base)}, "
            + $"scale {Text(rotary.PositionScale)}, divisors [{Text(rotary.Divisors)}]" + OfLong(rotary.Long),
        _ => throw new ArgumentException($"no facts are known of {position}", nameof(position)),
    };

    private static string OfLong(LongRotaryConfig? stretched) => stretched is null
        ? ""
        : $", beyond {Text(stretched.OriginalContextLength)} [{Text(stretched.Divisors)}], "
            + $"magnitude {Text(stretched.Magnitude)}";

    private static string Text<T>(IReadOnlyList<T> values)
        where T : IFormattable => string.Join(' ', values.Select(Text));

    private static string Text<T>(T value)
        where T : IFormattable => value.ToString(null, CultureInfo.InvariantCulture);

    private static string Text(bool value) => value ? "yes" : "no";
}
