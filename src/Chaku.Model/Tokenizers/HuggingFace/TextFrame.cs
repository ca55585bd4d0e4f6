namespace Chaku.Model.Tokenizers.HuggingFace;

/// <summary>The tokens that go around a text.</summary>
/// <param name="Before">What it begins with.</param>
/// <param name="After">What it ends with.</param>
internal sealed record TextFrame(IReadOnlyList<int> Before, IReadOnlyList<int> After)
{
    /// <summary>None.</summary>
    public static TextFrame Empty { get; } = new([], []);

    /// <summary>This frame, and another around it.</summary>
    public TextFrame Within(TextFrame outer) => new([.. outer.Before, .. Before], [.. After, .. outer.After]);
}
