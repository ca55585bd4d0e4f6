using System.CommandLine;
using Chaku.Model.Files;

namespace Chaku.Cli;

/// <summary>A command line as a file says it: the same on every computer that its files lie on.</summary>
internal static class CommandText
{
    /// <summary>The command line; of paths only the last part, the folders being its maker's own.</summary>
    public static string Of(ParseResult arguments) =>
        string.Join(' ', arguments.Tokens.Select(token => Quoted(LastPart(token.Value))).Prepend("chaku"));

    private static string LastPart(string text) =>
        text.IndexOfAny([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar]) < 0
            ? text
            : PathText.LastPart(text);

    private static string Quoted(string text) =>
        text.Length > 0 && !text.Any(char.IsWhiteSpace) ? text : $"\"{text}\"";
}
