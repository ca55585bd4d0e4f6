using System.Text.RegularExpressions;

namespace Chaku.Cli.Tests.House;

/// <summary>What a document promises about the checkout: the names in backticks, the links, the code.</summary>
internal sealed partial class Markdown
{
    private Markdown(string path, IReadOnlyList<string> lines)
    {
        Path = path;
        Lines = lines;
        (string prose, CodeBlocks) = Split(lines);
        Names = [.. from Match match in CodeSpan().Matches(prose) select match.Groups[1].Value];
        Links = [.. from Match match in Link().Matches(prose) select match.Groups[1].Value];
    }

    /// <summary>Path from the root.</summary>
    public string Path { get; }

    /// <summary>The text, a line each.</summary>
    public IReadOnlyList<string> Lines { get; }

    /// <summary>What stands in backticks outside code blocks.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Where links lead, anchors left out, other sites included.</summary>
    public IReadOnlyList<string> Links { get; }

    /// <summary>The fenced blocks, with the language after their fence.</summary>
    public IReadOnlyList<(string Language, string Code)> CodeBlocks { get; }

    /// <summary>Reads a text that may or may not be a file.</summary>
    public static Markdown Parse(string path, string text) => new(path, text.TrimEnd('\n').Split('\n'));

    private static (string Prose, List<(string Language, string Code)> CodeBlocks) Split(IReadOnlyList<string> lines)
    {
        List<string> prose = [];
        List<(string Language, string Code)> blocks = [];
        List<string>? code = null;
        string language = "";
        foreach (string line in lines)
        {
            bool isFence = line.StartsWith("```", StringComparison.Ordinal);
            if (isFence && code is null)
            {
                (code, language) = ([], line[3..].Trim());
            }
            else if (isFence)
            {
                blocks.Add((language, string.Join('\n', code!)));
                code = null;
            }
            else
            {
                (code ?? prose).Add(line);
            }
        }

        return code is null
            ? (string.Join('\n', prose), blocks)
            : throw new FormatException($"a ``` block of {lines.Count} lines of text is never closed");
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex CodeSpan();

    [GeneratedRegex(@"\]\(([^)#\s]+)[^)]*\)")]
    private static partial Regex Link();
}
