using Chaku.Model.Tests.Decoding;
using Chaku.Tests;

namespace Chaku.Model.Tests.Families;

public sealed class FalconFamilyTests
{
    [Theory]
    [InlineData("falcon-7b")]
    [InlineData("falcon-40b")]
    public void The_first_releases_spelling_is_the_same_model(string name)
    {
        using TemporaryFolder folder = new();
        string source = TestModels.PathOf($"folders/{name}");
        File.Copy(Path.Combine(source, "config-refinedweb.json"), folder["config.json"]);
        File.Copy(Path.Combine(source, "model.safetensors"), folder["model.safetensors"]);

        Assert.Equal(
            ModelRun.Logits(source, new ModelOptions()), ModelRun.Logits(folder.Path, new ModelOptions()));
    }
}
