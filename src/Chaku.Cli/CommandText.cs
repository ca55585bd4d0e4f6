using System.CommandLine;
using Chaku.Model.Files;

namespace Chaku.Cli;

/// <summary>A command line as a file says it: the same on every computer that its files lie on.</summary>
internal static class CommandText
{
    /// <summary>The command line; of paths only the last part, the folders being its maker's own.</summary>
    /// <param name="arguments">The command line as it was parsed.</param>
    /// <param name="models">Arguments that name models: one that is no path is a Hub's name, and stays whole.</param>
    public static string Of(ParseResult arguments, params IReadOnlyList<string> models)
    {
        HashSet<string> whole = [.. models.Where(name => !Path.Exists(name))];
        return string.Join(' ', arguments.Tokens
            .Select(token => Quoted(whole.Contains(token.Value) ? token.Value : LastPart(token.Value)))
            .Prepend("chaku"));
    }

    private static string LastPart(string text) =>
        text.IndexOfAny([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar]) < 0
            ? text
            : PathText.LastPart(text);

    private static string Quoted(string text) =>
        text.Length > 0 && !text.Any(char.IsWhiteSpace) ? text : $"\"{text}\"";
}
