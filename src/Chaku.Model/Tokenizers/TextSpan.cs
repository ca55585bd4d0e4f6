namespace Chaku.Model.Tokenizers;

/// <summary>A stretch of text to be encoded.</summary>
/// <param name="Text">Any text; half a surrogate pair counts as U+FFFD.</param>
/// <param name="ParseSpecial">
/// Whether the spelling of a control token in the text stands for that token. Never for text from a user.
/// </param>
internal readonly record struct TextSpan(string Text, bool ParseSpecial);
