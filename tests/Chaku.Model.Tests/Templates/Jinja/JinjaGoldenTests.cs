using Chaku.Tests;

namespace Chaku.Model.Tests.Templates.Jinja;

/// <summary>Real templates in real contexts, byte for byte what Jinja2 makes of them.</summary>
public sealed class JinjaGoldenTests
{
    public static TheoryData<string> Contexts => ["simple", "system", "tool_use"];

    [Theory]
    [MemberData(nameof(Contexts))]
    public void Every_real_template_renders_what_Jinja_renders(string context)
    {
        string json = File.ReadAllText(Fixtures.Shared("templates", "contexts", $"{context}.json"));
        string[] paths = Directory.GetFiles(Fixtures.Shared("templates", "templates"), "*.jinja");
        Assert.Equal(19, paths.Length);
        Assert.All(paths, path =>
        {
            string name = Path.GetFileNameWithoutExtension(path);
            string golden = File.ReadAllText(Fixtures.Shared("templates", "goldens", $"{name}-{context}.txt"));

            Assert.Equal(golden, JinjaValues.Render(File.ReadAllText(path), GoldenContexts.Prepare(name, json)));
        });
    }
}
