using Chaku.Model.Files;
using Chaku.Model.Tokenizers.Patterns;

namespace Chaku.Model.Tokenizers.HuggingFace;

/// <summary>Reads what is searched for: <c>{"String": …}</c> or <c>{"Regex": …}</c>.</summary>
internal static class PatternField
{
    /// <summary>Reads the object.</summary>
    /// <exception cref="ModelFormatException">
    /// It is neither, it is empty, or the expression is not understood.
    /// </exception>
    public static SplitPattern Read(JsonField field)
    {
        field.AllowOnly("String", "Regex");
        string? literal = field.FindText("String");
        string? expression = field.FindText("Regex");
        return (literal, expression) switch
        {
            ({ Length: > 0 }, null) => SplitPattern.Literal(literal, field.Refusal()),
            (null, { Length: > 0 }) => SplitPattern.Parse(expression, field.Refusal()),
            _ => throw field.Wrong("either a String or a Regex that is not empty"),
        };
    }
}
