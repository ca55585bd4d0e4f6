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
    public void Old_and_byte_swapped_files_are_refused_by_name(string name, string said)
    {
        string path = Fixtures.Shared("gguf", name);

        ModelFormatException exception = Assert.Throws<ModelFormatException>(() => GgufFile.Open(path));

        Assert.Contains(said, exception.Message, StringComparison.Ordinal);
        Assert.StartsWith(name, exception.Message, StringComparison.Ordinal);
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
