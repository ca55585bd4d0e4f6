using Chaku.Kernels.Memory;
using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Model.Tests.Files;

/// <summary>Safetensors files that other programs wrote.</summary>
public sealed class SafetensorsFixtureTests
{
    [Theory]
    [InlineData("oracle")]
    [InlineData("adapters")]
    public void Every_file_opens_and_is_readable(string folder)
    {
        string[] paths = Directory.GetFiles(Fixtures.Shared(folder), "*.safetensors", SearchOption.AllDirectories);

        Assert.NotEmpty(paths);
        Assert.All(paths, path =>
        {
            using TensorFile file = TensorFile.Open(path);
            Assert.All(file.Tensors, tensor => Assert.DoesNotContain(file.Singles(tensor), float.IsNaN));
        });
    }

    [Fact]
    public void Strings_and_numbers_are_what_their_maker_says()
    {
        using TensorFile file = TensorFile.Open(Fixtures.Shared("oracle", "llama-mqa-tied.lora.safetensors"));

        Assert.Equal("1002", file.Metadata["seed"]);
        Assert.Equal(87, file.Tensors.Count);
        Assert.Equal([16L, 4L], file["blk.0.attn_k.weight.lora_b"].Shape);
        Assert.Equal(12.378227f, file.Singles(file["loss"])[0], 1e-6f);
        Assert.Equal(0.048662f, file.Singles(file["losses"])[10], 1e-6f);
        Assert.Equal((22, 384), Shape(file.Matrix(file["logits"])));
        Assert.Throws<ModelFormatException>(() => file["none"]);
    }

    [Fact]
    public void The_same_weights_in_gguf_safetensors_and_shards_have_the_same_bits()
    {
        using TensorFolder whole = TensorFolder.Open(Fixtures.Shared("oracle", "hf", "llama-gqa"));
        using TensorFolder shards = TensorFolder.Open(Fixtures.Shared("oracle", "hf", "llama-gqa-sharded"));
        using GgufFile gguf = GgufFile.Open(Fixtures.TestData("models", "tiny", "llama-gqa.gguf"));

        Assert.Equal((1, 2), (whole.Files.Count, shards.Files.Count));
        Assert.Equal(Names(whole), Names(shards));
        Assert.All(Names(whole), name => Assert.Equal(whole.Singles(name), shards.Singles(name)));
        WeightMatrix embedding = gguf.Matrix(gguf["token_embd.weight"]);
        float[] row = new float[embedding.Columns];
        embedding.Dequantise(7, 0, row);
        Assert.Equal(row, whole.Singles("model.embed_tokens.weight").AsSpan(7 * row.Length, row.Length).ToArray());
    }

    [Fact]
    public void A_file_of_the_formats_own_library_is_written_again_byte_for_byte()
    {
        string path = Fixtures.Shared("adapters", "gpt2-kto", "adapter_model.safetensors");
        using TemporaryFolder folder = new();
        using TensorFile file = TensorFile.Open(path);

        SafetensorsWriter.Write(folder["again"], file.Metadata, [.. file.Tensors.Select(tensor =>
            TensorSource.FromSingles(tensor.Name, tensor.Shape, file.Singles(tensor)))]);

        Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(folder["again"]));
    }

    private static IEnumerable<string> Names(TensorFolder folder) =>
        folder.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal);

    private static (int Rows, int Columns) Shape(WeightMatrix matrix) => (matrix.Rows, matrix.Columns);
}
