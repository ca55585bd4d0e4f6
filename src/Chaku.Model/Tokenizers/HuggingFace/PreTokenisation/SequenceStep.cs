using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers.HuggingFace.PreTokenisation;

/// <summary>Several steps, one after the other.</summary>
internal sealed class SequenceStep(IReadOnlyList<PieceStep> parts) : PieceStep
{
    /// <inheritdoc/>
    public override bool SpellsBytes => parts.Any(static part => part.SpellsBytes);

    /// <summary>Reads <c>pretokenizers</c>.</summary>
    public static SequenceStep Read(JsonField field)
    {
        field.AllowOnly("type", "pretokenizers");
        return new([.. field["pretokenizers"].Items().Select(PieceSteps.All.Read)]);
    }

    /// <inheritdoc/>
    public override void Apply(Pieces pieces)
    {
        foreach (PieceStep part in parts)
        {
            part.Apply(pieces);
        }
    }
}
