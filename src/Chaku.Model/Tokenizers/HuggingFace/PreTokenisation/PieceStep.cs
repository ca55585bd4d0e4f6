namespace Chaku.Model.Tokenizers.HuggingFace.PreTokenisation;

/// <summary>Cuts pieces of text into smaller ones, and may rewrite them: nothing merges across a cut.</summary>
internal abstract class PieceStep
{
    /// <summary>Whether its output is spelled in GPT-2's alphabet, byte for byte.</summary>
    public virtual bool SpellsBytes => false;

    /// <summary>Takes the step, in a time proportional to the text's length.</summary>
    public abstract void Apply(Pieces pieces);
}
