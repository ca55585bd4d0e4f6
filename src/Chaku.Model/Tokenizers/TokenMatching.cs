namespace Chaku.Model.Tokenizers;

/// <summary>How a token is found in text whose spelling stands for it.</summary>
[Flags]
internal enum TokenMatching
{
    /// <summary>Wherever its spelling is.</summary>
    Anywhere = 0,

    /// <summary>The white space before it belongs to it.</summary>
    StripLeft = 1,

    /// <summary>The white space after it belongs to it.</summary>
    StripRight = 2,

    /// <summary>Only where no letter of a word is right before or after it.</summary>
    WholeWord = 4,

    /// <summary>In normalised text, and by its normalised spelling.</summary>
    Normalised = 8,
}
