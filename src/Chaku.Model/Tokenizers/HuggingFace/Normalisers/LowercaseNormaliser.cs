using System.Text;
using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers.HuggingFace.Normalisers;

/// <summary>Writes every letter small, whatever stands beside it.</summary>
/// <remarks>
/// Unicode's full mapping differs from the simple one for U+0130 alone, where no context is asked for. Source:
/// Unicode's SpecialCasing.txt.
/// </remarks>
internal sealed class LowercaseNormaliser : RuneNormaliser
{
    private const int CapitalDottedI = 0x130;

    /// <summary>Reads an object without properties.</summary>
    public static LowercaseNormaliser Read(JsonField field)
    {
        field.AllowOnly("type");
        return new();
    }

    /// <inheritdoc/>
    protected override void Append(Rune letter, ReadOnlySpan<byte> spelling, List<byte> rewritten)
    {
        if (letter.Value == CapitalDottedI)
        {
            rewritten.AddRange("i\u0307"u8);
            return;
        }

        Span<byte> small = stackalloc byte[4];
        rewritten.AddRange(small[..Rune.ToLowerInvariant(letter).EncodeToUtf8(small)]);
    }
}
