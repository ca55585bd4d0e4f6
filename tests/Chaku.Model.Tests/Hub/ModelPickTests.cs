using Chaku.Model.Hub;

namespace Chaku.Model.Tests.Hub;

/// <summary>Which of a model's files are taken.</summary>
public sealed class ModelPickTests
{
    private static readonly string[] Several =
        ["m.Q2_K.gguf", "m.Q4_K_S.gguf", "m.Q4_K_M.gguf", "m.Q8_0.gguf", "mmproj-m.gguf", "README.md", "LICENSE"];

    [Theory]
    [InlineData("a/b", "m.Q4_K_M.gguf")]
    [InlineData("a/b/m.Q8_0.gguf", "m.Q8_0.gguf")]
    [InlineData("a/b:Q8_0", "m.Q8_0.gguf")]
    [InlineData("a/b:q2_k", "m.Q2_K.gguf")]
    public void A_GGUF_file_is_the_one_that_is_named_or_the_usual_one(string reference, string expected)
    {
        ModelPick pick = Pick(reference, Several);
        Assert.Equal(expected, pick.File);
        Assert.Equal([expected, "LICENSE", "README.md"], pick.Files);
    }

    [Theory]
    [InlineData("a/b:Q4_K", "has no GGUF file for Q4_K; it has m.Q2_K.gguf (2.00 MB), m.Q4_K_M.gguf")]
    [InlineData("a/b:Q4", "has no GGUF file for Q4")]
    [InlineData("a/b/none.gguf", "has no file 'none.gguf'; it has")]
    public void What_is_not_there_is_said_with_what_is(string reference, string expected) =>
        Assert.Contains(expected, Refusal(reference, Several), StringComparison.Ordinal);

    [Fact]
    public void Without_the_usual_format_the_only_file_is_taken_and_several_are_listed()
    {
        Assert.Equal("x/m-f16.gguf", Pick("a/b", "x/m-f16.gguf", "imatrix.gguf").File);
        Assert.Contains(
            "name one, as a/b/FILE or a/b:FORMAT; it has m-f16.gguf (2.00 MB), m-f32.gguf (2.00 MB)",
            Refusal("a/b", "m-f16.gguf", "m-f32.gguf"),
            StringComparison.Ordinal);
        Assert.Contains("several", Refusal("a/b", "x/m-Q4_K_M.gguf", "y/m-Q4_K_M.gguf"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a/b")]
    [InlineData("a/b:Q4_K_M")]
    [InlineData("a/b/m-Q4_K_M-00002-of-00002.gguf")]
    public void Split_files_are_said_not_to_be_read(string reference) => Assert.Contains(
        "Chaku does not read split files",
        Refusal(reference, "m-Q4_K_M-00001-of-00002.gguf", "m-Q4_K_M-00002-of-00002.gguf"),
        StringComparison.Ordinal);

    [Fact]
    public void A_whole_file_is_taken_beside_a_split_one() => Assert.Equal(
        "m-Q4_K_M.gguf", Pick("a/b", "big-Q4_K_M-00001-of-00002.gguf", "m-Q4_K_M.gguf", "m-Q5_K_M.gguf").File);

    [Fact]
    public void Safetensors_go_before_pickles_and_a_model_before_an_adapter()
    {
        string[] files = ["config.json", "model.safetensors", "pytorch_model.bin", "adapter_config.json", "x.onnx"];
        Assert.Equal(["model.safetensors", "config.json"], Pick("a/b", files).Files);
        Assert.Equal("pytorch_model.bin.index.json", Pick(
            "a/b", "config.json", "pytorch_model.bin.index.json", "pytorch_model-00001-of-00002.bin").Index);
        Assert.Equal(
            ["model.safetensors", "config.json"],
            ModelPick.From(HubReference.TryParse("a/b")!, Lengths([.. files, "m.gguf"]), WeightsKind.Folder).Files);
        Assert.Contains("no model that Chaku reads", Refusal("a/b", "x.onnx", "README.md"), StringComparison.Ordinal);
        Assert.Contains("no model that Chaku reads", Refusal("a/b", "model.safetensors"), StringComparison.Ordinal);
        Assert.Contains("it has no GGUF files", Refusal("a/b:Q4_0", "model.safetensors"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("acme/tiny", "acme/tiny", null, null, null)]
    [InlineData("acme/tiny/a/b.gguf", "acme/tiny", "a/b.gguf", null, null)]
    [InlineData("acme/tiny/a@b.gguf", "acme/tiny", "a@b.gguf", null, null)]
    [InlineData("acme/tiny:Q4_K_M", "acme/tiny", null, "Q4_K_M", null)]
    [InlineData("acme/tiny@v1.0", "acme/tiny", null, null, "v1.0")]
    [InlineData("acme/tiny@refs%2Fpr%2F1/a/b.gguf", "acme/tiny", "a/b.gguf", null, "refs/pr/1")]
    [InlineData("acme/tiny@v1:Q4_K_M", "acme/tiny", null, "Q4_K_M", "v1")]
    [InlineData("gpt2", "gpt2", null, null, null)]
    [InlineData("gpt2:Q8_0", "gpt2", null, "Q8_0", null)]
    [InlineData("gpt2@607a30d/a.gguf", "gpt2", "a.gguf", null, "607a30d")]
    public void A_reference_is_read(string text, string name, string? file, string? quant, string? revision)
    {
        HubReference? reference = HubReference.TryParse(text);
        Assert.Equal((name, file, quant), (reference?.Name.Id, reference?.File, reference?.Quant));
        Assert.Equal(revision, reference?.Revision);
        Assert.Equal(text, reference?.ToString());
    }

    [Theory]
    [InlineData("ti ny")]
    [InlineData("acme/tiny@")]
    [InlineData("acme/tiny@..")]
    [InlineData("acme/tiny@a%2F..%2Fb")]
    [InlineData("acme@v1/tiny@v2:")]
    [InlineData("/acme/tiny")]
    [InlineData("./acme/tiny")]
    [InlineData("../tiny")]
    [InlineData("acme/..")]
    [InlineData("acme/a--b")]
    [InlineData("acme/tiny.git")]
    [InlineData("acme/")]
    [InlineData("acme/tiny/")]
    [InlineData("acme/tiny/../x")]
    [InlineData("acme/tiny:")]
    [InlineData("acme/tiny:a/b")]
    [InlineData("acme/ti ny")]
    [InlineData("C:/acme/tiny")]
    [InlineData("https://host/acme/tiny")]
    public void What_is_no_reference_is_none(string text) => Assert.Null(HubReference.TryParse(text));

    // huggingface_hub takes 96 characters for what the model is called, and does not count its owner's.
    [Fact]
    public void A_long_owner_takes_nothing_from_a_models_name()
    {
        string owner = new('a', 40);
        HubName? name = HubName.TryParse($"{owner}/{new string('b', 96)}");
        Assert.Equal(name, HubName.OfFolder($"models--{owner}--{new string('b', 96)}"));
        Assert.NotNull(name);
        Assert.Null(HubName.TryParse($"{owner}/{new string('b', 97)}"));
        Assert.Null(HubName.TryParse(new string('b', 97)));
        Assert.Null(HubName.TryParse($"{new string('a', 200)}/{new string('b', 96)}"));
    }

    [Fact]
    public void A_name_that_is_to_be_typed_is_printed_whole()
    {
        string file = new string('m', 200) + ".gguf";
        Assert.Contains(
            $"it has {file} (2.00 MB), o.gguf", Refusal("a/b", file, "o.gguf"), StringComparison.Ordinal);
    }

    [Fact]
    public void Names_of_folders_are_read_back()
    {
        Assert.Equal("acme/tiny", HubName.OfFolder("models--acme--tiny")?.Id);
        Assert.Equal("gpt2", HubName.OfFolder("models--gpt2")?.Id);
        Assert.Null(HubName.OfFolder("datasets--acme--tiny"));
        Assert.Null(HubName.OfFolder("models--"));
        Assert.Null(HubName.OfFolder("models--a--b--c"));
    }

    [Theory]
    [InlineData(0, "0 bytes")]
    [InlineData(999, "999 bytes")]
    [InlineData(1000, "1.00 kB")]
    [InlineData(999_499, "999 kB")]
    [InlineData(999_500, "1.00 MB")]
    [InlineData(4_081_004_224, "4.08 GB")]
    public void Lengths_are_written_for_people(long byteLength, string expected) =>
        Assert.Equal(expected, ByteText.Of(byteLength));

    private static Dictionary<string, long?> Lengths(params string[] files) =>
        files.ToDictionary(file => file, _ => (long?)2_000_000);

    private static ModelPick Pick(string reference, params string[] files) =>
        ModelPick.From(HubReference.TryParse(reference)!, Lengths(files));

    private static string Refusal(string reference, params string[] files) =>
        Assert.Throws<HubException>(() => Pick(reference, files)).Message;
}
