namespace Chaku.Model.Tokenizers.HuggingFace.PreTokenisation;

/// <summary>Text on its way to tokens, and where it has been cut so far.</summary>
internal sealed class Pieces
{
    /// <summary>Begins with the whole text as one piece.</summary>
    /// <param name="text">Valid UTF-8, at least a byte.</param>
    /// <param name="afterMark">Whether it begins a text or follows a mark.</param>
    /// <param name="isFirst">Whether it begins a text.</param>
    public Pieces(byte[] text, bool afterMark, bool isFirst)
    {
        Text = text;
        Lengths = [text.Length];
        IsAfterMark = afterMark;
        IsFirst = isFirst;
    }

    /// <summary>The pieces' bytes, one piece after the other.</summary>
    public byte[] Text { get; private set; }

    /// <summary>The pieces' lengths, together all of the text; none is 0.</summary>
    public List<int> Lengths { get; private set; }

    /// <summary>Whether the first piece begins a text or follows a mark.</summary>
    public bool IsAfterMark { get; }

    /// <summary>Whether the first piece begins a text.</summary>
    public bool IsFirst { get; }

    /// <summary>Cuts the same text into smaller pieces.</summary>
    public void Cut(List<int> lengths) => Lengths = lengths;

    /// <summary>Puts other text in the place of this one.</summary>
    public void Rewrite(byte[] text, List<int> lengths)
    {
        Text = text;
        Lengths = lengths;
    }
}
