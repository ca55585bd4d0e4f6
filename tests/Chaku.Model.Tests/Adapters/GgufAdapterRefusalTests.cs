using Chaku.Kernels.Formats;
using Chaku.Model.Adapters;
using Chaku.Model.Files;
using Chaku.Tests;
using CsCheck;

namespace Chaku.Model.Tests.Adapters;

/// <summary>What is no adapter of this model, or not understood, is refused by name.</summary>
public sealed class GgufAdapterRefusalTests
{
    private const string Matrix = "blk.0.attn_v.weight";

    [Theory]
    [InlineData("general.type", "model", "is not a GGUF file of an adapter: its general.type is 'model'")]
    [InlineData("general.type", null, "is not a GGUF file of an adapter: it does not say so")]
    [InlineData("adapter.type", "control_vector", "is not a LoRA adapter: its adapter.type is 'control_vector'")]
    [InlineData("adapter.type", null, "is not a LoRA adapter")]
    [InlineData("adapter.lora.alpha", null, "metadata key 'adapter.lora.alpha'")]
    [InlineData("adapter.lora.alpha", "8", "to be a float")]
    [InlineData("adapter.lora.alpha", 0f, "a number other than 0, not 0")]
    [InlineData("adapter.lora.alpha", float.NaN, "a number other than 0, not NaN")]
    [InlineData("adapter.lora.alpha", float.PositiveInfinity, "a number other than 0, not")]
    [InlineData("general.architecture", "gpt2", "the architecture 'gpt2', but llama-gqa.gguf is llama")]
    [InlineData("general.architecture", null, "metadata key 'general.architecture'")]
    [InlineData("adapter.alora.invocation_tokens", "1 2", "'adapter.alora.invocation_tokens' to String '1 2'")]
    [InlineData("chaku.base_sha256", "ABCD", "64 hexadecimal digits")]
    [InlineData("chaku.stop_ids", "9999", "ends answers with token 9999, but the model has 384 tokens")]
    [InlineData("chaku.seed", 7f, "to be a string")]
    public void Metadata_that_cannot_be_are_refused(string key, object? value, string reason)
    {
        Dictionary<string, object> metadata = GoodMetadata();
        metadata.Remove(key);
        if (value is not null)
        {
            metadata[key] = value;
        }

        Refuse(Pair(Matrix, 64, 32), reason, metadata);
    }

    [Fact]
    public void Half_a_pair_and_wrong_shapes_are_refused()
    {
        TensorSource[] pair = Pair(Matrix, 64, 32);
        Refuse([pair[0]], "both factors of 'blk.0.attn_v.weight'");
        Refuse([pair[1]], "both factors of 'blk.0.attn_v.weight'");
        Refuse([pair[0], Tensor(pair[1].Name, 3, 32)], "a shape of [outputs, 2]");
        Refuse([pair[0], Tensor(pair[1].Name, 64)], "a shape of [outputs, 2]");
        Refuse([Tensor(pair[0].Name, 64), pair[1]], "a shape of");
        Refuse(Pair(Matrix, 32, 64), "as [64, 32], but this model's is [32, 64]");
        Refuse(Pair(Matrix, 2, 2, rank: 70_000), "the rank of an adapter is 1 to 65536, not 70000");
        Refuse(Pair("blk.7.attn_v.weight", 64, 32), "'blk.7.attn_v.weight', which is no linear layer of this model");
        Refuse([], "has no factors");
    }

    [Fact]
    public void What_is_no_factor_of_a_linear_layer_is_refused_by_name()
    {
        Refuse([.. Pair(Matrix, 64, 32), Tensor("blk.0.attn_norm.weight", 64)], "'blk.0.attn_norm.weight'");
        Refuse([.. Pair(Matrix, 64, 32), Tensor("blk.0.attn_v.bias", 32)], "a trained bias");
        Refuse(Pair("token_embd.weight", 64, 384), "a factor of a token embedding");
        Refuse(
            [Tensor("blk.0.ffn_up_exps.weight.lora_a", 64, 2, 4), Tensor("blk.0.ffn_up_exps.weight.lora_b", 2, 128, 4)],
            "factors of several matrices in one tensor");
    }

    [Theory]
    [InlineData(0f, "changes nothing")]
    [InlineData(float.NaN, "expected numbers in")]
    [InlineData(float.NegativeInfinity, "expected numbers in")]
    public void Factors_that_change_nothing_or_are_no_numbers_are_refused(float value, string reason) =>
        Refuse(Pair(Matrix, 64, 32, value: value), reason);

    [Fact]
    public void A_model_and_a_file_of_something_else_are_no_adapters()
    {
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();
        string other = folder.Write("a.gguf", "not a GGUF file at all");

        Assert.Contains(
            "is not a GGUF file of an adapter",
            Assert.Throws<AdapterException>(
                () => AdapterReader.Read(model.Path, model, SampleAdapters.Hashes)).Message,
            StringComparison.Ordinal);
        Assert.Throws<ModelFormatException>(() => AdapterReader.Read(other, model, SampleAdapters.Hashes));
        Assert.Contains(
            "is a file: an adapter is a GGUF file or a folder",
            Assert.Throws<AdapterException>(
                () => AdapterReader.Read(folder.Write("a.bin", "x"), model, SampleAdapters.Hashes)).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("F16")]
    [InlineData("BF16")]
    public void Factors_of_16_bits_are_read(string name)
    {
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();
        byte[] one = name == "F16" ? [0x00, 0x3C] : [0x80, 0x3F];
        TensorSource[] tensors =
        [
            .. Pair(Matrix, 64, 32).Select(tensor => TensorSource.FromBytes(
                tensor.Name,
                TensorFormats.FromName(name)!,
                tensor.Dimensions,
                Enumerable.Repeat(one, (int)tensor.ByteLength / sizeof(float)).SelectMany(bytes => bytes).ToArray())),
        ];

        LoraFactors factors = AdapterReader.Read(
            Write(folder, tensors, GoodMetadata()), model, SampleAdapters.Hashes).Adapter.Factors[Matrix];

        Assert.Equal(4, factors.Scale);
        Assert.All(factors.AValues.ToArray().Concat(factors.TransposedBValues.ToArray()), value =>
            Assert.Equal(1, value));
    }

    [Fact]
    public void A_damaged_file_is_read_or_refused()
    {
        byte[] good = File.ReadAllBytes(Fixtures.TestData("oracle", "gguf-adapter", "llama-gqa.lora-init.gguf"));
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();
        Gen.Select(Gen.Int[0, 2200], Gen.Byte, Gen.Int[0, good.Length]).Sample((place, value, length) =>
        {
            byte[] damaged = [.. good];
            damaged[place] = value;
            string path = folder.Write("a.gguf", place % 4 == 0 ? damaged[..length] : damaged);
            Exception? exception = Record.Exception(
                () => AdapterReader.Read(path, model, SampleAdapters.Hashes));
            Assert.True(exception is null or AdapterException or ModelFormatException, $"{exception}");
        }, threads: 1, iter: 500);
    }

    private static Dictionary<string, object> GoodMetadata() => new()
    {
        ["general.type"] = "adapter",
        ["general.architecture"] = "llama",
        ["adapter.type"] = "lora",
        ["adapter.lora.alpha"] = 8f,
    };

    private static TensorSource[] Pair(string matrix, int inputs, int outputs, int rank = 2, float value = 1) =>
    [
        SampleAdapters.Tensor(matrix + ".lora_a", value, inputs, rank),
        SampleAdapters.Tensor(matrix + ".lora_b", value, rank, outputs),
    ];

    private static TensorSource Tensor(string name, params long[] dimensions) =>
        SampleAdapters.Tensor(name, 1, dimensions);

    private static string Write(
        TemporaryFolder folder, TensorSource[] tensors, Dictionary<string, object> values)
    {
        Metadata metadata = new("written.gguf");
        foreach ((string key, object value) in values)
        {
            metadata.Add(key, value);
        }

        GgufWriter.Write(folder["written.gguf"], metadata, tensors);
        return folder["written.gguf"];
    }

    private static void Refuse(TensorSource[] tensors, string reason, Dictionary<string, object>? metadata = null)
    {
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();
        string path = Write(folder, tensors, metadata ?? GoodMetadata());
        Exception exception = Assert.ThrowsAny<Exception>(
            () => AdapterReader.Read(path, model, SampleAdapters.Hashes));
        Assert.True(exception is ModelFormatException or AdapterException, $"{exception}");
        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
    }
}
