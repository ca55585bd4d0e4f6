namespace Chaku.Model.Tokenizers.HuggingFace.Decoders;

/// <summary>A step from a token's spelling to its bytes.</summary>
internal abstract class TokenDecoder
{
    /// <summary>Whether it takes the space away that a text begins with.</summary>
    public virtual bool DropsFirstSpace => false;

    /// <summary>Whether added tokens, which are spelled as they are in text, go through it too.</summary>
    public virtual bool AppliesToAdded => true;

    /// <summary>Whether from here on a text is one, and no longer tokens.</summary>
    public virtual bool Fuses => false;

    /// <summary>Takes the step.</summary>
    /// <param name="token">UTF-8.</param>
    /// <returns>What the token stands for.</returns>
    public abstract byte[] Apply(byte[] token);
}
