using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Chaku.Cli.Tests.House;

/// <summary>A C# file of the checkout, parsed.</summary>
internal sealed class SourceFile
{
    private static readonly Lazy<SourceFile[]> Files =
        new(() => [.. CheckoutFile.All.Where(IsSource).Select(file => Parse(file.Path, file.Text))]);

    private SourceFile(string path, string text, CompilationUnitSyntax root)
    {
        Path = path;
        Lines = text.TrimEnd('\n').Split('\n');
        Root = root;
    }

    /// <summary>Every C# file of the checkout.</summary>
    public static IReadOnlyList<SourceFile> All => Files.Value;

    /// <summary>Path from the root.</summary>
    public string Path { get; }

    /// <summary>The text, a line each.</summary>
    public IReadOnlyList<string> Lines { get; }

    /// <summary>The syntax tree.</summary>
    public CompilationUnitSyntax Root { get; }

    /// <summary>Whether the file is part of what ships.</summary>
    public bool IsShipped => Path.StartsWith("src/", StringComparison.Ordinal);

    /// <summary>Whether the file is part of the tests.</summary>
    public bool IsTest => Path.StartsWith("tests/", StringComparison.Ordinal);

    /// <summary>Names of the types and delegates declared here.</summary>
    public IEnumerable<string> DeclaredTypes =>
        Root.DescendantNodes().OfType<MemberDeclarationSyntax>().Select(TypeName).OfType<string>();

    /// <summary>Every word that is a name of something, here or elsewhere.</summary>
    public ISet<string> Names => Root.DescendantTokens().Select(token => token.Text).ToHashSet();

    /// <summary>Parses a text that may or may not be a file.</summary>
    public static SourceFile Parse(string path, string text)
    {
        CSharpParseOptions options = new(LanguageVersion.Preview, DocumentationMode.None);
        return new SourceFile(path, text, CSharpSyntaxTree.ParseText(text, options, path).GetCompilationUnitRoot());
    }

    private static bool IsSource(CheckoutFile file) => file.Path.EndsWith(".cs", StringComparison.Ordinal);

    private static string? TypeName(MemberDeclarationSyntax member) => member switch
    {
        BaseTypeDeclarationSyntax type => type.Identifier.Text,
        DelegateDeclarationSyntax type => type.Identifier.Text,
        _ => null,
    };
}
