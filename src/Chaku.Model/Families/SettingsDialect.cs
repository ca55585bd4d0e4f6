using Chaku.Model.Files;

namespace Chaku.Model.Families;

/// <summary>How a kind of file spells a model's settings.</summary>
internal abstract class SettingsDialect
{
    /// <summary>Whether it is that of <c>config.json</c>.</summary>
    public abstract bool IsHuggingFace { get; }

    /// <summary>The names that a key may have, the first to be found counting.</summary>
    /// <param name="key">GGUF's name, without the architecture; a name of the dialect's own stands for itself.</param>
    public abstract IReadOnlyList<string> Spellings(string key);

    /// <summary>Whether a value may change the computation.</summary>
    public abstract bool IsSetting(MetadataValue value);
}

/// <summary>GGUF: a key begins with the architecture.</summary>
/// <param name="architecture">The prefix before the dot.</param>
internal sealed class GgufDialect(string architecture) : SettingsDialect
{
    // They change no computation: the vocabulary's size is the embedding's, the layout is that of the tensors, and the
    // last is how a tool counted.
    private static readonly string[] Ignored = ["vocab_size", "tensor_data_layout", "rope.scaling.finetuned"];

    /// <inheritdoc/>
    public override bool IsHuggingFace => false;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Spellings(string key) => [$"{architecture}.{key}"];

    /// <inheritdoc/>
    public override bool IsSetting(MetadataValue value) =>
        value.Key.StartsWith(architecture + ".", StringComparison.Ordinal)
        && !Ignored.Contains(value.Key[(architecture.Length + 1)..]);
}
