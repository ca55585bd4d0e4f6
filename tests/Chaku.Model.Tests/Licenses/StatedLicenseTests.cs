using Chaku.Model.Families;
using Chaku.Model.Files;
using Chaku.Model.Licenses;
using Chaku.Tests;

namespace Chaku.Model.Tests.Licenses;

public sealed class StatedLicenseTests
{
    [Theory]
    [InlineData("---\nlicense: mit\n---\n", "mit")]
    [InlineData("---\nlicense:\n- mit\n- 'apache-2.0'\ntags: []\n---\n", "mit, apache-2.0")]
    [InlineData("---\nlicense: other\nlicense_name: llama3\nlicense_link: LICENSE\n---\n", "llama3")]
    [InlineData("---\nlicense: unknown\nlicense_name: \"falcon-180b-license\"\n---\n", "falcon-180b-license")]
    [InlineData("---\nlicense: apache-2.0\nlicense_name: something\n---\n", "apache-2.0")]
    [InlineData("---\nlicense: other\n---\n", "other")]
    [InlineData("---\ntags: []\n---\nlicense: mit\n", "MIT License")]
    [InlineData("license: mit\n", "MIT License")]
    [InlineData("---\nlicense: mit\n", "MIT License")]
    public void A_folders_card_comes_before_a_licences_text(string card, string expected)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["README.md"], card);
        File.WriteAllText(folder["LICENSE"], "\n# MIT License\n\nPermission is granted\n");
        Assert.Equal(expected, StatedLicense.InFolder(folder.Path)?.Name);
    }

    [Fact]
    public void A_folder_that_states_nothing_has_none_and_long_lines_are_cut()
    {
        using TemporaryFolder folder = new();
        Assert.Null(StatedLicense.InFolder(folder.Path));
        File.WriteAllText(folder["LICENSE"], "x\u001b" + new string('y', 100_000));
        string name = StatedLicense.InFolder(folder.Path)!.Name;
        Assert.Equal(200, name.Length);
        Assert.DoesNotContain('\u001b', name);
    }

    [Theory]
    [InlineData("Readme.md", "---\nlicense: mit\n---\n")]
    [InlineData("README.MD", "---\nlicense: mit\n---\n")]
    [InlineData("License.txt", "mit\n")]
    [InlineData("license", "mit\n")]
    public void A_cards_name_is_read_in_capitals_and_without(string name, string card)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder[name], card);
        Assert.True(StatedLicense.IsCard(folder[name]));
        Assert.Equal(new StatedLicense("mit", name), StatedLicense.InFolder(folder.Path));
    }

    [Fact]
    public void An_empty_card_states_nothing()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["README.md"], "");
        Assert.Null(StatedLicense.InFolder(folder.Path));
    }

    [Theory]
    [InlineData("apache-2.0", null, "apache-2.0")]
    [InlineData("other", "llama-3-community-license", "llama-3-community-license")]
    [InlineData(null, "gemma", "gemma")]
    [InlineData(null, null, null)]
    public void A_model_file_states_its_own(string? license, string? name, string? expected)
    {
        using TemporaryFolder folder = new();
        using GgufFile file = GgufFile.Open(Fixtures.TestData("models", "tiny", "llama-gqa.gguf"));
        Metadata metadata = new("m.gguf");
        foreach (MetadataValue value in file.Metadata)
        {
            metadata.TryAdd(value);
        }

        foreach ((string key, string? value) in (ReadOnlySpan<(string, string?)>)
            [("general.license", license), ("general.license.name", name)])
        {
            if (value is not null)
            {
                metadata.Add(key, value);
            }
        }

        GgufWriter.Write(folder["m.gguf"], metadata, [.. file.Tensors.Select(tensor => TensorSource.FromBytes(
            tensor.Name, tensor.Format, tensor.Dimensions, file.Bytes(tensor, 0, (int)tensor.ByteLength).ToArray()))]);
        using ModelSource source = ModelSource.Open(folder["m.gguf"]);
        Assert.Equal(expected, source.License?.Name);
    }
}
