using Chaku.Model.Adapters;
using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Model.Tests.Adapters;

/// <summary>What is not this model's adapter, or not understood, is refused by name.</summary>
public sealed class PeftRefusalTests
{
    private const string Module = "model.layers.0.self_attn.v_proj";

    [Fact]
    public void An_adapter_for_another_base_is_refused_with_both_hashes()
    {
        using LanguageModel other = SampleAdapters.Model("llama3-ropefreqs");
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();
        string hash = Hash(other);
        LoraAdapter adapter = SampleAdapters.Random(other, 1, origin: AdapterOrigin.On(other, hash));
        PeftWriter.Write(folder["a"], adapter, AdaptableLinears.Of(other));

        AdapterException exception = Assert.Throws<AdapterException>(
            () => AdapterReader.Read(folder["a"], model, SampleAdapters.Hashes));

        Assert.Contains("another base", exception.Message, StringComparison.Ordinal);
        Assert.Contains(hash[..12], exception.Message, StringComparison.Ordinal);
        Assert.Contains(Hash(model)[..12], exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
    }

    [Fact]
    public void An_adapter_without_a_hash_is_read_with_a_notice()
    {
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();

        LoadedAdapter loaded =
            AdapterReader.Read(folder.WriteFolder(SampleAdapters.Values()), model, SampleAdapters.Hashes);

        Assert.Contains("does not say which base", Assert.Single(loaded.Notices), StringComparison.Ordinal);
        Assert.Equal(2f, loaded.Adapter.Factors["blk.0.attn_v.weight"].Scale);
    }

    [Fact]
    public void Hashing_the_base_can_be_cancelled_and_tells_how_far_it_is()
    {
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();
        string path = folder.WriteFolder(
            SampleAdapters.Values(), metadata: new() { ["chaku.base_sha256"] = Hash(model) });
        using CancellationTokenSource cancellation = new();
        long all = 0;

        Assert.Throws<OperationCanceledException>(() => AdapterReader.Read(
            path,
            model,
            SampleAdapters.Hashes,
            isForced: false,
            (_, total) =>
            {
                all = total;
                cancellation.Cancel();
            },
            cancellation.Token));

        Assert.Equal(model.Source.Content.Tensors.Sum(tensor => tensor.ByteLength), all);
    }

    [Theory]
    [InlineData(0f, 1f, "changes nothing")]
    [InlineData(1f, 0f, "changes nothing")]
    [InlineData(float.NaN, 1f, "found NaN")]
    [InlineData(1f, float.PositiveInfinity, "found Infinity")]
    public void Factors_that_change_nothing_or_are_no_numbers_are_refused(float a, float b, string reason) =>
        Refuse(SampleAdapters.Values(a, b), reason);

    [Fact]
    public void Unknown_modules_and_tensors_are_refused()
    {
        Refuse(SampleAdapters.Pair("model.layers.2.self_attn.v_proj", 64, 32), "no linear layer of this model");
        Refuse(
            [
                .. SampleAdapters.Values(),
                SampleAdapters.Tensor($"base_model.model.{Module}.lora_magnitude_vector", 1, 32),
            ],
            "no magnitudes where adapter_config.json does not set use_dora");
        Refuse(
            [SampleAdapters.Tensor("base_model.model.model.embed_tokens.lora_embedding_A", 1, 2, 384)],
            "lora_embedding_A");
        Refuse([SampleAdapters.Tensor("base_model.model.lm_head.weight", 1, 384, 64)], "lm_head.weight");
        Refuse([], "no factors");
    }

    [Fact]
    public void Half_a_pair_and_wrong_shapes_are_refused()
    {
        TensorSource[] pair = SampleAdapters.Pair(Module, 64, 32);
        Refuse([pair[0]], "both factors");
        Refuse([pair[1]], "both factors");
        Refuse(SampleAdapters.Pair(Module, 32, 64), "as [64, 32]");
        Refuse([pair[0], SampleAdapters.Tensor(pair[1].Name, 1, 32, 3)], "[outputs, 2]");
        Refuse([SampleAdapters.Tensor(pair[0].Name, 1, 3, 64), pair[1]], "[2, inputs]");
        Refuse([SampleAdapters.Tensor(pair[0].Name, 1, 128), pair[1]], "[2, inputs]");
        Refuse([SampleAdapters.Tensor(pair[0].Name, 1, 2, 0), pair[1]], "[2, inputs]");
    }

    [Fact]
    public void Targets_that_the_factors_do_not_fit_are_refused()
    {
        Refuse(SampleAdapters.Pair(Module, 64, 32), "no factors for 'model.layers.1.self_attn.v_proj'");
        Refuse(
            [.. SampleAdapters.Values(), .. SampleAdapters.Pair("model.layers.0.self_attn.k_proj", 64, 32)],
            "'model.layers.0.self_attn.k_proj', which its target_modules do not name");
    }

    [Theory]
    [InlineData("chaku.base_sha256", "ABCD", "64 hexadecimal digits")]
    [InlineData("chaku.seed", "-1", "chaku.seed")]
    [InlineData("chaku.stop_ids", "1 x", "token ids")]
    [InlineData("chaku.rank", "3", "two adapters")]
    [InlineData("chaku.alpha", "5", "two adapters")]
    public void Metadata_that_cannot_be_are_refused(string key, string value, string reason) =>
        Refuse(SampleAdapters.Values(), reason, new() { [key] = value });

    [Fact]
    public void A_folder_that_is_none_or_incomplete_is_refused()
    {
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();
        string empty = Directory.CreateDirectory(folder["empty"]).FullName;

        Assert.Contains(
            "no such file or folder",
            Assert.Throws<AdapterException>(
                () => AdapterReader.Read(folder["none"], model, SampleAdapters.Hashes)).Message,
            StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => AdapterReader.Read(empty, model, SampleAdapters.Hashes));
        File.WriteAllText(Path.Combine(empty, PeftFolder.ConfigName), SampleAdapters.Config);
        Assert.Throws<FileNotFoundException>(() => AdapterReader.Read(empty, model, SampleAdapters.Hashes));
        File.WriteAllText(Path.Combine(empty, "adapter_model.bin"), "x");
        Assert.Throws<ModelFormatException>(() => AdapterReader.Read(empty, model, SampleAdapters.Hashes));
    }

    [Fact]
    public void A_feature_in_the_settings_is_refused_by_name_before_anything_else()
    {
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();
        string config = SampleAdapters.Config.Replace("\"r\"", "\"use_qalora\": true, \"r\"", StringComparison.Ordinal);
        string path = folder.WriteFolder(SampleAdapters.Values(), config);

        string message =
            Assert.Throws<AdapterException>(() => AdapterReader.Read(path, model, SampleAdapters.Hashes)).Message;

        Assert.Contains("'use_qalora' to 'true', which is not supported", message, StringComparison.Ordinal);
    }

    private static string Hash(LanguageModel model) =>
        ContentHash.Compute(model.Source.Content, null, TestContext.Current.CancellationToken);

    private static void Refuse(TensorSource[] tensors, string reason, Dictionary<string, string>? metadata = null)
    {
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();
        string path = folder.WriteFolder(tensors, metadata: metadata);
        AdapterException exception =
            Assert.Throws<AdapterException>(() => AdapterReader.Read(path, model, SampleAdapters.Hashes));
        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
    }
}
