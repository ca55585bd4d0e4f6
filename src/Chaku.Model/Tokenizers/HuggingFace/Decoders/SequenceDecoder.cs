using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers.HuggingFace.Decoders;

/// <summary>Several steps, one after the other.</summary>
internal sealed class SequenceDecoder : TokenDecoder
{
    private readonly IReadOnlyList<TokenDecoder> _parts;

    private SequenceDecoder(IReadOnlyList<TokenDecoder> parts) => _parts = parts;

    /// <inheritdoc/>
    public override bool DropsFirstSpace => _parts.Any(static part => part.DropsFirstSpace);

    /// <inheritdoc/>
    public override bool AppliesToAdded => _parts.All(static part => part.AppliesToAdded);

    /// <inheritdoc/>
    public override bool Fuses => _parts.Any(static part => part.Fuses);

    /// <summary>Reads <c>decoders</c>.</summary>
    /// <exception cref="ModelFormatException">
    /// A step works on the whole text in a way that has no meaning for a token alone.
    /// </exception>
    public static SequenceDecoder Read(JsonField field)
    {
        field.AllowOnly("type", "decoders");
        List<TokenDecoder> parts = [];
        bool isFused = false;
        foreach (JsonField item in field["decoders"].Items())
        {
            TokenDecoder part = isFused && item["type"].AsText() == "Strip"
                ? StripDecoder.ReadFused(item)
                : TokenDecoders.All.Read(item);
            if (isFused && part is not (StripDecoder or FuseDecoder))
            {
                throw item["type"].Wrong("nothing but Strip after Fuse");
            }

            isFused |= part.Fuses;
            parts.Add(part);
        }

        return new(parts);
    }

    /// <inheritdoc/>
    public override byte[] Apply(byte[] token)
    {
        foreach (TokenDecoder part in _parts)
        {
            byte[] before = token;
            token = part.Apply(token);
            if (part is ByteFallbackDecoder && !ReferenceEquals(before, token))
            {
                // A lone byte is no text yet that a later step could look for something in.
                break;
            }
        }

        return token;
    }
}
