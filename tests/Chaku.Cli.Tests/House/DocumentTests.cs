using System.Text.RegularExpressions;
using Chaku.Tests;

namespace Chaku.Cli.Tests.House;

/// <summary>
/// Documents name what exists. In backticks, a word with a slash or a source file's ending is a path from the root, and
/// a word that starts with a capital is a type, with or without a member. Anything else in backticks is not checked.
/// </summary>
public sealed partial class DocumentTests
{
    private static readonly string[] Checked = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/GLOSSARY.md"];

    private static readonly string[] SourceEndings = [".cs", ".csproj", ".md", ".props", ".slnx", ".txt"];

    private static readonly Lazy<ILookup<string, SourceFile>> Types = new(() =>
        SourceFile.All.SelectMany(file => file.DeclaredTypes, (file, name) => (file, name))
            .ToLookup(type => type.name, type => type.file));

    public static TheoryData<string> CheckedDocuments => [.. Checked];

    [Theory]
    [MemberData(nameof(CheckedDocuments))]
    public void Paths_and_types_in_backticks_exist(string document) =>
        Findings.None(Read(document).Names.Where(name => !Exists(name)));

    [Theory]
    [InlineData("build.cs", true)]
    [InlineData("src/Chaku.Kernels/Formats/", true)]
    [InlineData("TensorFormats.cs", true)]
    [InlineData("Chaku.Kernels", true)]
    [InlineData("TensorFormats", true)]
    [InlineData("TensorFormats.All", true)]
    [InlineData("TensorFormat<TBlock>", true)]
    [InlineData("dotnet run build.cs -- check", true)]
    [InlineData("src/Chaku.Kernels/Nowhere/", false)]
    [InlineData("Nowhere.cs", false)]
    [InlineData("bin/", false)]
    [InlineData("../elsewhere", false)]
    [InlineData("Nowhere", false)]
    [InlineData("TensorFormats.Nowhere", false)]
    public void A_name_exists_or_not(string name, bool expected) => Assert.Equal(expected, Exists(name));

    [Fact]
    public void Links_between_documents_lead_somewhere()
    {
        IEnumerable<string> broken =
            from file in CheckoutFile.All
            where file.Path.EndsWith(".md", StringComparison.Ordinal)
            from link in Markdown.Parse(file.Path, file.Text).Links
            where !link.Contains("://", StringComparison.Ordinal)
            let target = Path.Combine(Fixtures.Checkout, Path.GetDirectoryName(file.Path)!, link)
            where !Path.Exists(target)
            select $"{file.Path} links to {link}";
        Findings.None(broken);
    }

    [Theory]
    [MemberData(nameof(CheckedDocuments))]
    public void Code_blocks_are_compiled_samples(string document)
    {
        string[] samples =
        [
            .. from file in SourceFile.All
               where file.Path.StartsWith("tests/Chaku.Cli.Tests/House/Samples/", StringComparison.Ordinal)
               select Unindented(file.Lines),
        ];
        IEnumerable<string> notCompiled =
            from block in Read(document).CodeBlocks
            where block.Language == "csharp"
            let code = Unindented(block.Code.Split('\n'))
            where !samples.Any(sample => sample.Contains(code, StringComparison.Ordinal))
            select block.Code;
        Findings.None(notCompiled);
    }

    [Theory]
    [InlineData("README.md", 150)]
    [InlineData("ARCHITECTURE.md", 200)]
    public void A_document_stays_short(string document, int limit) =>
        Assert.InRange(Read(document).Lines.Count, 1, limit);

    [Fact]
    public void Names_links_and_code_are_told_apart()
    {
        Markdown document = Markdown.Parse(
            "sample.md", "See `Name` at [there](docs/x.md#part).\n```csharp\nint `x;\n```\nEnd.\n");
        Assert.Equal(["Name"], document.Names);
        Assert.Equal(["docs/x.md"], document.Links);
        Assert.Equal([("csharp", "int `x;")], document.CodeBlocks);
    }

    private static Markdown Read(string path) =>
        Markdown.Parse(path, File.ReadAllText(Path.Combine(Fixtures.Checkout, path)));

    private static bool Exists(string name)
    {
        if (name.Any(char.IsWhiteSpace))
        {
            return true;
        }

        if (name.Contains('/') || SourceEndings.Any(name.EndsWith))
        {
            string folder = name.TrimEnd('/') + "/";
            return CheckoutFile.All.Any(file =>
                file.Path == name
                || Path.GetFileName(file.Path) == name
                || file.Path.StartsWith(folder, StringComparison.Ordinal));
        }

        Match type = TypeAndMember().Match(name);
        return !type.Success || IsProject(name) || IsDeclared(type.Groups[1].Value, type.Groups[2].Value);
    }

    private static bool IsProject(string name) =>
        CheckoutFile.All.Any(file => Path.GetFileName(file.Path) == name + ".csproj");

    private static bool IsDeclared(string type, string member) =>
        Types.Value[type].Any(file => member.Length == 0 || file.Names.Contains(member));

    // Samples are compared without their indentation, which differs between a document and a method's body.
    private static string Unindented(IEnumerable<string> lines) => string.Join('\n', lines.Select(line => line.Trim()));

    [GeneratedRegex(@"^([A-Z]\w*)(?:<[^>]*>)?(?:\.(\w+))?(?:\(.*\))?$")]
    private static partial Regex TypeAndMember();
}
