using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Chaku.Cli.Tests.House;

/// <summary>Sizes that the style guide limits. Every finding names the place and the number.</summary>
internal static class Budgets
{
    public const int FileLines = 500;
    public const int FileLinesAim = 400;
    public const int FileLinesAt95Percent = 250;
    public const int MethodLines = 80;
    public const int MethodLinesAim = 40;
    public const int KernelMethodLines = 100;
    public const int LineColumns = 120;

    public static IEnumerable<string> LongFiles(IEnumerable<SourceFile> files, int limit) =>
        from file in files
        where file.Lines.Count > limit
        select $"{file.Path} has {file.Lines.Count} lines, over {limit}";

    public static IEnumerable<string> LongLines(SourceFile file) =>
        from index in Enumerable.Range(0, file.Lines.Count)
        let columns = file.Lines[index].EnumerateRunes().Count()
        where columns > LineColumns
        select $"{file.Path}:{index + 1} has {columns} columns, over {LineColumns}";

    public static IEnumerable<string> LongMethods(SourceFile file, int limit) =>
        from node in file.Root.DescendantNodes().Where(IsMethod)
        let lines = MethodLineCount(node)
        where lines > limit
        select $"{file.Path}:{StartLine(node) + 1} is a method of {lines} lines, over {limit}";

    /// <summary>How many lines 95 % of the files stay within.</summary>
    public static int LinesAt95Percent(IReadOnlyCollection<SourceFile> files)
    {
        int[] counts = [.. files.Select(file => file.Lines.Count).Order()];
        return counts[(int)Math.Ceiling(counts.Length * 0.95) - 1];
    }

    private static bool IsMethod(SyntaxNode node) =>
        node is BaseMethodDeclarationSyntax or AccessorDeclarationSyntax or LocalFunctionStatementSyntax;

    // From the signature, so that attributes and XML comments cost a method nothing.
    private static int MethodLineCount(SyntaxNode method) =>
        method.GetLocation().GetLineSpan().EndLinePosition.Line - StartLine(method) + 1;

    private static int StartLine(SyntaxNode method) =>
        method.ChildNodesAndTokens().First(child => !child.IsKind(SyntaxKind.AttributeList))
            .GetLocation()!.GetLineSpan().StartLinePosition.Line;
}
