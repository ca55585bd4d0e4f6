using Chaku.Model.Adapters;
using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Model.Tests.Adapters;

/// <summary>Files as several versions of PEFT wrote them.</summary>
public sealed class PeftVariantTests
{
    [Theory]
    [InlineData("lora_mlp", 2, 1, "lin0", "")]
    [InlineData("lora_mlp_modules_to_save", 4, 1, "lin0", "no module as modules_to_save, found '[ \"lin1\" ]'")]
    [InlineData("lora_emb_conv1d", 4, 1, "conv1d", "lora_embedding_A' 'F32' [8, 100], a factor of a token embedding")]
    public void The_files_of_pefts_own_tests_are_read_and_what_is_not_supported_is_named(
        string name, int tensorCount, int pairCount, string module, string unsupported)
    {
        using PeftFolder folder = PeftFolder.Open(Fixtures.Shared("adapters", "peft-regression", name));

        Assert.Equal(tensorCount, folder.Weights.Tensors.Count);
        Assert.Equal(pairCount, folder.Pairs.Count);
        Assert.Equal(module, folder.Pairs[0].Module);
        Assert.Equal(8, folder.Pairs[0].Settings.Rank);
        Assert.Equal(name == "lora_emb_conv1d", folder.Config.IsFanInFanOut);
        Assert.Equal(name == "lora_mlp_modules_to_save" ? ["lin1"] : [], folder.Config.ModulesToSave);
        if (unsupported.Length == 0)
        {
            Assert.Empty(folder.Unsupported);
        }
        else
        {
            Assert.Contains(unsupported, string.Join('\n', folder.Unsupported), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("lora_mlp", "changes 'lin0', which is no linear layer of this model")]
    [InlineData("lora_mlp_modules_to_save", "modules_to_save")]
    [InlineData("lora_emb_conv1d", "a factor of a token embedding, which is not supported")]
    public void The_files_of_pefts_own_tests_are_refused_as_a_language_models_adapter(string name, string said)
    {
        using LanguageModel model = SampleAdapters.Model();
        string path = Fixtures.Shared("adapters", "peft-regression", name);

        string message =
            Assert.Throws<AdapterException>(() => AdapterReader.Read(path, model, SampleAdapters.Hashes)).Message;

        Assert.Contains(said, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void An_adapter_of_gpt_2_is_read()
    {
        using PeftFolder folder = PeftFolder.Open(Fixtures.Shared("adapters", "gpt2-kto"));

        Assert.Empty(folder.Unsupported);
        Assert.True(folder.Config.IsFanInFanOut);
        Assert.Equal(12, folder.Pairs.Count);
        Assert.All(folder.Pairs, pair => Assert.Equal((768L, 2304L), (pair.InputSize, pair.OutputSize)));
        Assert.Contains(folder.Pairs, pair => pair.Module == "transformer.h.11.attn.c_attn");
    }

    [Theory]
    [InlineData(".lora_A.weight", ".lora_A.default.weight", ".lora_B.weight", ".lora_B.default.weight")]
    [InlineData("base_model.model.model.layers", "base_model.model.layers", "?", "?")]
    public void Older_names_mean_the_same_adapter(string old1, string new1, string old2, string new2)
    {
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();
        TensorSource[] tensors =
        [
            .. SampleAdapters.Values().Select(tensor => tensor with
            {
                Name = tensor.Name.Replace(old1, new1, StringComparison.Ordinal)
                    .Replace(old2, new2, StringComparison.Ordinal),
            }),
        ];

        LoraAdapter adapter =
            AdapterReader.Read(folder.WriteFolder(tensors), model, SampleAdapters.Hashes).Adapter;

        Assert.Equal(
            ["blk.0.attn_v.weight", "blk.1.attn_v.weight"], adapter.Factors.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_module_under_two_names_is_refused()
    {
        TensorSource[] pair = SampleAdapters.Pair("model.layers.0.self_attn.v_proj", 64, 32);
        TensorSource[] shorter = SampleAdapters.Pair("layers.0.self_attn.v_proj", 64, 32);
        TensorSource named = pair[0] with { Name = pair[0].Name.Replace("A.", "A.b.", StringComparison.Ordinal) };
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();

        Assert.Contains("one adapter", Refusal([.. pair, named]), StringComparison.Ordinal);
        Assert.Contains("twice, by two names", Refusal([.. pair, .. shorter]), StringComparison.Ordinal);

        string Refusal(TensorSource[] tensors) => Assert.Throws<AdapterException>(
            () => AdapterReader.Read(folder.WriteFolder(tensors), model, SampleAdapters.Hashes)).Message;
    }

    [Fact]
    public void Ranks_and_alphas_of_single_modules_are_theirs()
    {
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();
        const string patterns =
            """ "rank_pattern": {"1.self_attn.v_proj": 3}, "alpha_pattern": {"layers.1.self_attn.v_proj": 6}, """;
        string config = SampleAdapters.Config.Replace("\"r\"", patterns + "\"r\"", StringComparison.Ordinal);
        const string module = "base_model.model.model.layers.1.self_attn.v_proj";

        LoraAdapter adapter = AdapterReader.Read(
            folder.WriteFolder(
                [
                    .. SampleAdapters.Pair("model.layers.0.self_attn.v_proj", 64, 32),
                    SampleAdapters.Tensor($"{module}.lora_A.weight", 1, 3, 64),
                    SampleAdapters.Tensor($"{module}.lora_B.weight", 1, 32, 3),
                ],
                config),
            model,
            SampleAdapters.Hashes).Adapter;

        LoraFactors[] factors = [adapter.Factors["blk.0.attn_v.weight"], adapter.Factors["blk.1.attn_v.weight"]];
        Assert.Equal([(2, 2f), (3, 2f)], factors.Select(pair => (pair.Rank, pair.Scale)));
        Assert.NotEqual(SampleAdapters.Logits(model, null), SampleAdapters.Logits(model, adapter));
        Assert.Throws<ArgumentException>(() => PeftWriter.Write(folder["out"], adapter, AdaptableLinears.Of(model)));
    }

    [Fact]
    public void A_pickle_is_the_same_adapter_as_its_safetensors()
    {
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();
        File.Copy(Path.Combine(SampleAdapters.GoldenFolder, PeftFolder.ConfigName), folder[PeftFolder.ConfigName]);
        File.Copy(Fixtures.TestData("pytorch", "adapter_model.bin"), folder["adapter_model.bin"]);

        LoraAdapter expected =
            AdapterReader.Read(SampleAdapters.GoldenFolder, model, SampleAdapters.Hashes).Adapter;
        LoraAdapter found = AdapterReader.Read(folder.Path, model, SampleAdapters.Hashes).Adapter;

        Assert.Equal(expected.Factors.Keys, found.Factors.Keys);
        Assert.All(expected.Factors, entry =>
        {
            Assert.Equal(entry.Value.AValues, found.Factors[entry.Key].AValues);
            Assert.Equal(entry.Value.TransposedBValues, found.Factors[entry.Key].TransposedBValues);
        });
    }
}
