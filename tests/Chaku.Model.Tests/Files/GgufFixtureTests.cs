using Chaku.Kernels.Formats;
using Chaku.Kernels.Memory;
using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Model.Tests.Files;

/// <summary>Files that other programs wrote.</summary>
public sealed class GgufFixtureTests
{
    public static TheoryData<string> Models => Names("models/tiny", "models/quant", "models/stories260K");

    public static TheoryData<string> Vocabularies => Names("tokenizers");

    [Theory]
    [MemberData(nameof(Models))]
    public void Every_model_opens_and_its_tensors_are_readable(string name)
    {
        using GgufFile file = GgufFile.Open(Fixtures.Shared(name.Split('/')));

        Assert.NotEmpty(file.Metadata["general.architecture"].AsString());
        Assert.NotEmpty(file.Tensors);
        Assert.All(file.Tensors, tensor =>
        {
            WeightMatrix matrix = file.Matrix(tensor);
            Assert.Equal(tensor.ByteLength, matrix.ByteLength);
            float[] row = new float[matrix.Columns];
            matrix.Dequantise(matrix.Rows - 1, 0, row);
            Assert.All(row, weight => Assert.True(float.IsFinite(weight)));
        });
    }

    [Theory]
    [MemberData(nameof(Vocabularies))]
    public void Every_vocabulary_opens(string name)
    {
        using GgufFile file = GgufFile.Open(Fixtures.Shared(name.Split('/')));

        byte[][] tokens = file.Metadata["tokenizer.ggml.tokens"].AsByteStrings();
        Assert.True(tokens.Length > 30_000);
        Assert.Equal(tokens.Length, file.Metadata["tokenizer.ggml.token_type"].AsInt32s().Length);
    }

    [Fact]
    public void Metadata_and_tensors_of_a_tiny_model_are_what_its_maker_says()
    {
        using GgufFile file = GgufFile.Open(Fixtures.TestData("models", "tiny", "llama-gqa.gguf"));

        Assert.Equal(3, file.Version);
        Assert.Equal("llama", file.Metadata["general.architecture"].AsString());
        Assert.Equal(64, file.Metadata["llama.embedding_length"].AsInt32());
        Assert.Equal(384, file.Metadata["tokenizer.ggml.tokens"].AsStrings().Length);
        GgufTensor key = file["blk.0.attn_k.weight"];
        Assert.Equal([64L, 32L], key.Dimensions);
        Assert.Same(TensorFormats.F32, key.Format);
        Assert.Equal((32, 64), (file.Matrix(key).Rows, file.Matrix(key).Columns));
        Assert.Equal(64, file.Vector(file["output_norm.weight"]).Length);
    }

    [Theory]
    [InlineData("example.gguf", "byte-swapped")]
    [InlineData("ggml-vocab-llama.v1a.gguf", "GGUF version 1")]
    [InlineData("ggml-vocab-llama.v1b.gguf", "GGUF version 1")]
    public void Old_and_byte_swapped_files_are_refused_by_name(string name, string said) => Refused(name, name, said);

    [Fact]
    public void Tensors_that_a_careless_writer_put_in_one_place_are_refused() =>
        Refused("threatflux-test_model.gguf", "byte 416: expected", "an overlap of the two");

    [Fact]
    public void A_value_type_that_is_unknown_is_refused_by_key_and_offset() =>
        Refused("test_writer.gguf", "byte 204: expected a value type up to 12 for 'dict1', found 13");

    [Fact]
    public void A_vocabulary_without_tensors_opens()
    {
        using GgufFile file = GgufFile.Open(Fixtures.Shared("gguf", "ggml-vocab-llama.v2.gguf"));

        Assert.Empty(file.Tensors);
        Assert.Equal(32_000, file.Metadata["tokenizer.ggml.scores"].AsSingles().Length);
        Assert.Equal(9.99999975e-6f, file.Metadata["llama.attention.layer_norm_rms_epsilon"].AsSingle());
    }

    [Fact]
    public void Version_2_differs_from_3_in_its_number_only()
    {
        using TemporaryFolder folder = new();
        byte[] bytes = File.ReadAllBytes(Fixtures.TestData("models", "tiny", "llama-gqa.gguf"));
        bytes[4] = 2;
        using GgufFile file = GgufFile.Open(folder.Write("v2.gguf", bytes));

        Assert.Equal(2, file.Version);
        Assert.Equal(21, file.Tensors.Count);
    }

    private static void Refused(string name, params string[] said)
    {
        string path = Fixtures.Shared("gguf", name);
        ModelFormatException exception = Assert.Throws<ModelFormatException>(() => GgufFile.Open(path));
        Assert.All(said, words => Assert.Contains(words, exception.Message, StringComparison.Ordinal));
    }

    private static TheoryData<string> Names(params string[] folders)
    {
        string root = Path.Combine(Fixtures.Checkout, "..", "shared", "fixtures");
        IEnumerable<string> found = folders
            .Select(folder => Path.Combine(root, folder))
            .Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.gguf"))
            .Select(path => Path.GetRelativePath(root, path).Replace('\\', '/'))
            .Order(StringComparer.Ordinal);
        return [.. found.DefaultIfEmpty("models")];
    }
}
