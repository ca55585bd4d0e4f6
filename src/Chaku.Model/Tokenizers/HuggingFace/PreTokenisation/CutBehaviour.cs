using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers.HuggingFace.PreTokenisation;

/// <summary>What becomes of a match where text is cut.</summary>
internal enum CutBehaviour
{
    /// <summary>It is left out.</summary>
    Removed,

    /// <summary>It is a piece.</summary>
    Isolated,

    /// <summary>It is the end of the piece before it; a second match in a row is a piece.</summary>
    MergedWithPrevious,

    /// <summary>It is the beginning of the piece after it; of several in a row, the last is.</summary>
    MergedWithNext,

    /// <summary>It is a piece, together with the matches right behind it; so is what lies between.</summary>
    Contiguous,
}

/// <summary>Reads a <see cref="CutBehaviour"/>.</summary>
internal static class CutBehaviours
{
    /// <summary>Reads the name.</summary>
    /// <exception cref="ModelFormatException">There is no such behaviour.</exception>
    public static CutBehaviour Read(JsonField field)
    {
        string name = field.AsText();
        CutBehaviour[] all = Enum.GetValues<CutBehaviour>();
        int index = Array.FindIndex(all, behaviour => behaviour.ToString() == name);
        return index >= 0 ? all[index] : throw field.Wrong($"one of {string.Join(", ", all)}");
    }
}
