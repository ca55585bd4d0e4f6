namespace Chaku.Model.Tokenizers.HuggingFace.Normalisers;

/// <summary>Rewrites text before it is cut.</summary>
internal abstract class TextNormaliser
{
    /// <summary>Whether its output is spelled in GPT-2's alphabet, byte for byte.</summary>
    public virtual bool SpellsBytes => false;

    /// <summary>The text rewritten; the same array where nothing changes.</summary>
    /// <param name="text">Valid UTF-8, at least a byte.</param>
    /// <param name="afterMark">Whether it begins a text or follows a mark.</param>
    public abstract byte[] Apply(byte[] text, bool afterMark);
}
