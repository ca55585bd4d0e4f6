using System.Globalization;
using System.Text;
using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers.HuggingFace.Normalisers;

/// <summary>Leaves out combining marks; what is composed keeps its accent.</summary>
internal sealed class StripAccentsNormaliser : RuneNormaliser
{
    /// <summary>Reads an object without properties.</summary>
    public static StripAccentsNormaliser Read(JsonField field)
    {
        field.AllowOnly("type");
        return new();
    }

    /// <inheritdoc/>
    protected override void Append(Rune letter, ReadOnlySpan<byte> spelling, List<byte> rewritten)
    {
        if (Rune.GetUnicodeCategory(letter) is not (UnicodeCategory.NonSpacingMark
            or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark))
        {
            rewritten.AddRange(spelling);
        }
    }
}
