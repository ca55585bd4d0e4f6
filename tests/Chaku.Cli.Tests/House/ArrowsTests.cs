using System.Reflection;
using System.Xml.Linq;
using Chaku.Tests;

namespace Chaku.Cli.Tests.House;

/// <summary>The rooms and what each may use.</summary>
public sealed class ArrowsTests
{
    // Each room may use the rooms to its right. A new room is one line here.
    private static readonly Dictionary<string, string[]> Arrows = new()
    {
        ["Chaku.Kernels"] = [],
        ["Chaku.Model"] = ["Chaku.Kernels"],
        ["Chaku.Training"] = ["Chaku.Model", "Chaku.Kernels"],
        ["Chaku.Evaluation"] = ["Chaku.Model", "Chaku.Kernels"],
        ["Chaku.Cli"] = ["Chaku.Training", "Chaku.Evaluation", "Chaku.Model", "Chaku.Kernels"],
    };

    private static readonly string[] NamesWithoutSubject =
        ["Base", "Common", "Core", "Helpers", "Shared", "Utilities", "Utils"];

    public static TheoryData<string> Rooms => [.. Arrows.Keys];

    [Fact]
    public void Every_project_is_a_room_with_tests()
    {
        Assert.Equal(Arrows.Keys.Order(), ProjectNames("src"));
        Assert.Equal(Arrows.Keys.Select(room => room + ".Tests").Order(), ProjectNames("tests"));
    }

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_references_only_projects_its_arrows_point_to(string room)
    {
        string path = Path.Combine(Fixtures.Checkout, "src", room, room + ".csproj");
        IEnumerable<string> references =
            from reference in XDocument.Load(path).Descendants("ProjectReference")
            select Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/'));
        Findings.None(references.Except(Arrows[room]));
    }

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_uses_only_assemblies_its_arrows_point_to(string room)
    {
        IEnumerable<string> references =
            from reference in Load(room).GetReferencedAssemblies()
            where reference.Name!.StartsWith("Chaku", StringComparison.OrdinalIgnoreCase)
            select reference.Name;
        Findings.None(references.Except(Arrows[room]));
    }

    // The compiler then warns of what a program compiled ahead of time could not do, and warnings are errors.
    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_can_be_compiled_ahead_of_time(string room) => Assert.Contains(
        Load(room).GetCustomAttributes<AssemblyMetadataAttribute>(),
        metadata => metadata is { Key: "IsAotCompatible", Value: "True" });

    [Fact]
    public void A_folder_is_a_subject()
    {
        IEnumerable<string> folders =
            from file in CheckoutFile.All
            from part in file.Path.Split('/').SkipLast(1)
            from word in part.Split('.')
            where NamesWithoutSubject.Contains(word, StringComparer.OrdinalIgnoreCase)
            select file.Path;
        Findings.None(folders);
    }

    private static IEnumerable<string> ProjectNames(string folder) =>
        from file in CheckoutFile.All
        where file.Path.StartsWith(folder + "/", StringComparison.Ordinal)
        where file.Path.EndsWith(".csproj", StringComparison.Ordinal)
        let name = Path.GetFileNameWithoutExtension(file.Path)
        orderby name
        select name;

    private static Assembly Load(string room)
    {
        string project = Path.Combine(Fixtures.Checkout, "src", room, room + ".csproj");
        string? assemblyName = XDocument.Load(project).Descendants("AssemblyName").FirstOrDefault()?.Value;
        return Assembly.Load(assemblyName ?? room);
    }
}
