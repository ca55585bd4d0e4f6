using System.Text.Json.Nodes;
using Chaku.Model.Families;
using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Model.Tests.Conversion;

/// <summary>What a new file or folder says of where it comes from, and under which terms.</summary>
public sealed class OriginConversionTests
{
    private const string Commit = "0123456789abcdef0123456789abcdef01234567";

    [Fact]
    public void Source_licence_and_command_are_in_what_is_made()
    {
        using TemporaryFolder folder = new();
        SmallLlama.Write(folder, 8, _ => { });
        File.WriteAllText(folder["README.md"], "---\nlicense: cc-by-4.0\n---\n# A model\n");
        using TemporaryFolder made = new();

        Converted.Run(folder.Path, made["made.gguf"], with => with with { Command = "chaku convert it --type f16" });
        Converted.Run(made["made.gguf"], made["back"], with => with with { Command = "chaku convert back" });

        using (GgufSource file = GgufSource.Open(made["made.gguf"]))
        using (TensorFolder source = TensorFolder.Open(folder.Path))
        {
            Assert.Equal("cc-by-4.0", file.License!.Name);
            Metadata metadata = file.File.Metadata;
            Assert.Equal(
                ContentHash.Compute(source.Content), metadata["chaku.made_from.0.content_sha256"].AsString());
            Assert.Equal("chaku convert it --type f16", metadata["chaku.made_with"].AsString());
        }

        using HuggingFaceSource back = HuggingFaceSource.Open(made["back"]);
        Assert.Equal("cc-by-4.0", back.License!.Name);
        string card = File.ReadAllText(Path.Combine(made["back"], "README.md"));
        Assert.Contains("\n    chaku convert back\n", card, StringComparison.Ordinal);
    }

    /// <summary>The keys are those of llama.cpp's <c>gguf-py</c>, the fields those of Hugging Face's cards.</summary>
    [Theory]
    [InlineData("license: mit", "mit", null, null, "license: mit\n")]
    [InlineData("license:\n- mit\n- apache-2.0", "mit, apache-2.0", null, null, "license:\n- mit\n- apache-2.0\n")]
    [InlineData(
        "license: other\nlicense_name: my-model-license\nlicense_link: https://example.org/LICENSE",
        "other",
        "my-model-license",
        "https://example.org/LICENSE",
        "license: other\nlicense_name: my-model-license\nlicense_link: \"https://example.org/LICENSE\"\n")]
    [InlineData(
        "license: Some terms: of my own",
        "other",
        "Some terms: of my own",
        null,
        "license: other\nlicense_name: \"Some terms: of my own\"\n")]
    [InlineData(
        "license: [mit, other]\nlicense_name: \"a \\\"b\\\" \\\\ c\"",
        "mit, other",
        "a \"b\" \\ c",
        null,
        "license:\n- mit\n- other\nlicense_name: \"a \\\"b\\\" \\\\ c\"\n")]
    public void Terms_go_there_and_back(string card, string identifier, string? name, string? link, string expected)
    {
        using TemporaryFolder folder = new();
        using TemporaryFolder made = new();
        SmallLlama.Write(folder, 8, _ => { });
        folder.Write("README.md", $"---\n{card}\n---\n");

        Converted.Run(folder.Path, made["made.gguf"]);
        Converted.Run(made["made.gguf"], made["back"]);
        Converted.Run(made["back"], made["again.gguf"]);

        foreach (string file in (string[])["made.gguf", "again.gguf"])
        {
            using GgufFile gguf = GgufFile.Open(made[file]);
            Assert.Equal(identifier, gguf.Metadata["general.license"].AsString());
            Assert.Equal(name, gguf.Metadata.Find("general.license.name")?.AsString());
            Assert.Equal(link, gguf.Metadata.Find("general.license.link")?.AsString());
        }

        Assert.StartsWith("---\n" + expected + "---\n", CardIn(made["back"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Names_from_a_file_end_no_line_value_or_cell_of_the_card()
    {
        using TemporaryFolder folder = new();
        string file = Rename(
            folder,
            "evil\nlicense: mit\u2028| x <b>",
            "apache-2.0\nbase_model: a/b",
            "a: b # \"c\"",
            "http://x\ntags: [y]");

        Converted.Run(file, folder["made"]);

        string[] lines = CardIn(folder["made"]).Split('\n');
        Assert.Equal(
            [
                "---", "license: other", "license_name: \"a: b # \\\"c\\\", apache-2.0base_model: a/b\"",
                "license_link: \"http://xtags: [y]\"", "---", "", "# made", "",
                "evillicense: mit&#124; x &lt;b>, converted from GGUF.",
            ],
            lines[..9]);
        Assert.StartsWith("| evillicense: mit&#124; x &lt;b> | `", lines[12], StringComparison.Ordinal);
        using TensorFolder made = TensorFolder.Open(folder["made"]);
        Assert.NotEmpty(made.Tensors);
    }

    [Theory]
    [InlineData("owner/name", "base_model: owner/name")]
    [InlineData("owner/name/more", null)]
    [InlineData("Llama 3: a name", null)]
    public void A_card_names_a_base_only_by_its_name_on_the_Hub(string name, string? expected)
    {
        using TemporaryFolder folder = new();

        Converted.Run(Rename(folder, name, null, null, null), folder["made"]);

        Assert.Equal(
            expected,
            CardIn(folder["made"]).Split('\n').SingleOrDefault(
                line => line.StartsWith("base_model", StringComparison.Ordinal)));
    }

    /// <summary>The keys are those of llama.cpp's <c>gguf-py/gguf/constants.py</c>.</summary>
    [Fact]
    public void A_model_of_the_Hub_is_named_with_its_address_and_commit()
    {
        using TemporaryFolder cache = new();
        using TemporaryFolder folder = new();
        SmallLlama.Write(folder, 8, _ => { });
        string snapshot = Path.Combine(cache.Path, "models--owner--a-model", "snapshots", Commit);
        Directory.CreateDirectory(snapshot);
        foreach (string file in Directory.GetFiles(folder.Path))
        {
            File.Copy(file, Path.Combine(snapshot, Path.GetFileName(file)));
        }

        Converted.Run(snapshot, folder["made.gguf"]);

        using GgufFile made = GgufFile.Open(folder["made.gguf"]);
        (string Key, string Value)[] expected =
        [
            ("general.name", "owner/a-model"),
            ("general.source.repo_url", "https://huggingface.co/owner/a-model"),
            ("general.base_model.0.name", "a-model"),
            ("general.base_model.0.organization", "owner"),
            ("general.base_model.0.repo_url", "https://huggingface.co/owner/a-model"),
            ("general.base_model.0.version", Commit),
            ("chaku.made_from.0.repo_url", "https://huggingface.co/owner/a-model"),
            ("chaku.made_from.0.revision", Commit),
        ];
        Assert.All(expected, pair => Assert.Equal(pair.Value, made.Metadata[pair.Key].AsString()));
        Assert.Equal(1, made.Metadata["general.base_model.count"].AsInt64());
    }

    [Fact]
    public void A_model_without_marks_says_that_it_has_none()
    {
        using TemporaryFolder folder = new();
        SmallLlama.Write(folder, 8, _ => { });
        Converted.Run(folder.Path, folder["made.gguf"]);

        Converted.Run(folder["made.gguf"], folder["back"]);

        JsonObject config = JsonNode.Parse(File.ReadAllText(Path.Combine(folder["back"], "config.json")))!.AsObject();
        Assert.All(
            (string[])["bos_token_id", "eos_token_id", "pad_token_id"],
            key => Assert.True(config.TryGetPropertyValue(key, out JsonNode? value) && value is null, key));
    }

    private static string CardIn(string folder) => File.ReadAllText(Path.Combine(folder, "README.md"));

    private static string Rename(
        TemporaryFolder folder, string name, string? license, string? licenseName, string? link)
    {
        using GgufFile file = GgufFile.Open(TestModels.PathOf("tiny/llama-gqa.gguf"));
        Metadata metadata = new("renamed.gguf");
        foreach (MetadataValue value in file.Metadata.Where(value => value.Key != "general.name"))
        {
            metadata.TryAdd(value);
        }

        foreach ((string key, string? value) in (ReadOnlySpan<(string, string?)>)
        [
            ("general.name", name), ("general.license", license), ("general.license.name", licenseName),
            ("general.license.link", link),
        ])
        {
            if (value is not null)
            {
                metadata.Add(key, value);
            }
        }

        GgufWriter.Write(folder["renamed.gguf"], metadata, [.. file.Tensors.Select(tensor => TensorSource.FromBytes(
            tensor.Name, tensor.Format, tensor.Dimensions, file.Bytes(tensor, 0, (int)tensor.ByteLength).ToArray()))]);
        return folder["renamed.gguf"];
    }
}
