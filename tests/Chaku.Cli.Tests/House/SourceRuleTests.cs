using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Chaku.Cli.Tests.House;

public sealed class SourceRuleTests
{
    // Outside Kernels, pointers stop here.
    private static readonly string[] MemoryMaps = ["src/Chaku.Model/Files/MappedFile.cs"];

    private static readonly string[] Unfinished =
        ["TO" + "DO", "FIX" + "ME", "HA" + "CK", "NotImplemented" + "Exception"];

    private static IEnumerable<SourceFile> Shipped => SourceFile.All.Where(file => file.IsShipped);

    [Fact]
    public void Kernels_start_threads_only_in_the_compute_pool()
    {
        IEnumerable<string> findings =
            from file in Shipped
            where file.Path.StartsWith("src/Chaku.Kernels/", StringComparison.Ordinal)
            where Path.GetFileName(file.Path) != "ComputePool.cs"
            from node in ThreadStarts(file.Root)
            select At(file, node);
        Findings.None(findings);
    }

    [Theory]
    [InlineData("new Thread(Work).Start();", "Thread")]
    [InlineData("Thread worker = new(Work);", "Thread")]
    [InlineData("System.Threading.Tasks.Parallel.For(0, 9, Work);", "Parallel.For")]
    [InlineData("Task.Run(Work);", "Task.Run")]
    [InlineData("ThreadPool.QueueUserWorkItem(Work);", "ThreadPool")]
    [InlineData("rows.AsParallel().Sum();", "rows.AsParallel")]
    public void A_thread_is_found(string statement, string expected)
    {
        SyntaxNode root = SourceFile.Parse("sample.cs", statement).Root;
        Assert.Contains(ThreadStarts(root), node => node.ToString().Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public void A_thread_safe_name_is_no_thread() =>
        Assert.Empty(ThreadStarts(SourceFile.Parse("sample.cs", "int threads = Run(task.Parallel, pool);").Root));

    [Fact]
    public void Unsafe_code_stays_in_Kernels_and_at_the_memory_map()
    {
        IEnumerable<string> findings =
            from file in Shipped
            where !file.Path.StartsWith("src/Chaku.Kernels/", StringComparison.Ordinal)
            where !MemoryMaps.Contains(file.Path)
            from token in file.Root.DescendantTokens().Where(token => token.IsKind(SyntaxKind.UnsafeKeyword))
            select At(file, token.Parent!);
        Findings.None(findings);
    }

    [Fact]
    public void Nothing_is_left_unfinished()
    {
        IEnumerable<string> findings =
            from file in SourceFile.All
            from index in Enumerable.Range(0, file.Lines.Count)
            from word in Unfinished
            where file.Lines[index].Contains(word, StringComparison.Ordinal)
            select $"{file.Path}:{index + 1} says {word}";
        Findings.None(findings);
    }

    [Fact]
    public void A_suppression_has_its_reason_beside_it()
    {
        IEnumerable<string> findings =
            from file in SourceFile.All
            from index in Enumerable.Range(0, file.Lines.Count)
            let line = file.Lines[index].TrimStart()
            where line.StartsWith("#pragma warning disable", StringComparison.Ordinal)
            where !line.Contains("//", StringComparison.Ordinal)
            select $"{file.Path}:{index + 1} suppresses without a reason";
        Findings.None(findings);
    }

    private static IEnumerable<SyntaxNode> ThreadStarts(SyntaxNode root) =>
        root.DescendantNodes().Where(node => node switch
        {
            IdentifierNameSyntax { Identifier.Text: "Thread" or "ThreadPool" } => true,
            MemberAccessExpressionSyntax { Name.Identifier.Text: "AsParallel" } => true,
            MemberAccessExpressionSyntax { Name.Identifier.Text: "Run" or "StartNew" } access =>
                LastName(access.Expression) is "Task" or "Factory",
            MemberAccessExpressionSyntax access => LastName(access.Expression) == "Parallel",
            _ => false,
        });

    private static string LastName(SyntaxNode name) => name.ToString().Split('.')[^1];

    private static string At(SourceFile file, SyntaxNode node) =>
        $"{file.Path}:{node.GetLocation().GetLineSpan().StartLinePosition.Line + 1} {node.ToString().Split('\n')[0]}";
}
