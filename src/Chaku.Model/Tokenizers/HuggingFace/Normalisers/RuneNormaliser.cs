using System.Text;

namespace Chaku.Model.Tokenizers.HuggingFace.Normalisers;

/// <summary>Rewrites text one character at a time, each for itself.</summary>
internal abstract class RuneNormaliser : TextNormaliser
{
    /// <inheritdoc/>
    public sealed override byte[] Apply(byte[] text, bool afterMark)
    {
        List<byte> rewritten = new(text.Length);
        for (ReadOnlySpan<byte> rest = text; !rest.IsEmpty;)
        {
            _ = Rune.DecodeFromUtf8(rest, out Rune letter, out int length);
            Append(letter, rest[..length], rewritten);
            rest = rest[length..];
        }

        return [.. rewritten];
    }

    /// <summary>Appends what stands for the character.</summary>
    /// <param name="letter">The character.</param>
    /// <param name="spelling">Its bytes.</param>
    /// <param name="rewritten">Appended to.</param>
    protected abstract void Append(Rune letter, ReadOnlySpan<byte> spelling, List<byte> rewritten);
}
