using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers.HuggingFace.Normalisers;

/// <summary>Several normalisers, one after the other.</summary>
internal sealed class SequenceNormaliser : TextNormaliser
{
    // No normalisation form makes text longer than eighteen times; a file could ask for any length.
    private const int MaximumGrowth = 32;
    private const int MaximumShortLength = 1 << 16;

    private readonly TextNormaliser[] _parts;
    private readonly Func<string, string, Exception> _refuse;

    private SequenceNormaliser(TextNormaliser[] parts, Func<string, string, Exception> refuse)
    {
        _parts = parts;
        _refuse = refuse;
    }

    /// <inheritdoc/>
    public override bool SpellsBytes => _parts.Any(static part => part.SpellsBytes);

    /// <summary>Reads <c>normalizers</c>.</summary>
    public static SequenceNormaliser Read(JsonField field)
    {
        field.AllowOnly("type", "normalizers");
        return new([.. field["normalizers"].Items().Select(TextNormalisers.All.Read)], field.Refusal());
    }

    /// <inheritdoc/>
    public override byte[] Apply(byte[] text, bool afterMark)
    {
        long maximum = Math.Max((long)text.Length * MaximumGrowth, MaximumShortLength);
        byte[] normalised = text;
        foreach (TextNormaliser part in _parts)
        {
            normalised = normalised.Length > 0 ? part.Apply(normalised, afterMark) : normalised;
            if (normalised.Length > maximum)
            {
                throw _refuse(
                    $"normalisers that make text at most {MaximumGrowth} times as long",
                    $"{normalised.Length} bytes of {text.Length}");
            }
        }

        return normalised;
    }
}
