namespace Chaku.Model.Tokenizers;

/// <summary>The arithmetic of UTF-8.</summary>
internal static class Utf8
{
    /// <summary>How many bytes the character takes whose first byte this is, in valid UTF-8.</summary>
    public static int SequenceLength(byte first) => first switch
    {
        < 0xC0 => 1,
        < 0xE0 => 2,
        < 0xF0 => 3,
        _ => 4,
    };

    /// <summary>Whether the byte occurs in valid UTF-8 at all.</summary>
    public static bool IsPossible(byte value) => value is not (0xC0 or 0xC1 or >= 0xF5);
}
