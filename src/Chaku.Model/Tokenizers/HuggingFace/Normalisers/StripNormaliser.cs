using System.Text;
using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers.HuggingFace.Normalisers;

/// <summary>Takes white space from the text's ends.</summary>
internal sealed class StripNormaliser(bool left, bool right) : TextNormaliser
{
    /// <summary>Reads <c>strip_left</c> and <c>strip_right</c>.</summary>
    public static StripNormaliser Read(JsonField field)
    {
        field.AllowOnly("type", "strip_left", "strip_right");
        return new(field["strip_left"].AsBoolean(), field["strip_right"].AsBoolean());
    }

    /// <inheritdoc/>
    public override byte[] Apply(byte[] text, bool afterMark)
    {
        ReadOnlySpan<byte> rest = text;
        while (left && !rest.IsEmpty && StartsWithSpace(rest, out int length))
        {
            rest = rest[length..];
        }

        while (right && !rest.IsEmpty && EndsWithSpace(rest, out int length))
        {
            rest = rest[..^length];
        }

        return rest.Length == text.Length ? text : rest.ToArray();
    }

    private static bool StartsWithSpace(ReadOnlySpan<byte> text, out int length)
    {
        _ = Rune.DecodeFromUtf8(text, out Rune letter, out length);
        return Rune.IsWhiteSpace(letter);
    }

    private static bool EndsWithSpace(ReadOnlySpan<byte> text, out int length)
    {
        _ = Rune.DecodeLastFromUtf8(text, out Rune letter, out length);
        return Rune.IsWhiteSpace(letter);
    }
}
