using Chaku.Model.Adapters;
using Chaku.Model.Cache;
using Chaku.Model.Decoding;
using Chaku.Model.Files;
using Chaku.Model.Tests.Decoding;
using Chaku.Tests;

namespace Chaku.Model.Tests.Adapters;

/// <summary>Adapters of families whose matrices lie otherwise in Hugging Face's files than in GGUF's.</summary>
public sealed class PeftFamilyTests
{
    private const float LogitTolerance = 5e-5f;
    private const int KtoHidden = 768;
    private const int KtoLayers = 12;
    private const int KtoInner = 16;
    private const int KtoVocabulary = 64;
    private const int KtoPositions = 32;

    [Theory]
    [InlineData("llama-gqa", null)]
    [InlineData("bloom-4h", null)]
    [InlineData("gptneox-parallel", null)]
    [InlineData("gptneox-parallel", "tanh")]
    public void An_adapter_in_Hugging_Faces_order_gives_the_golden_logits_on_both_kinds_of_file(
        string name, string? gelu)
    {
        string adapter = Fixtures.Shared("oracle", "peft", name);
        string golden = Path.Combine(adapter, "adapted.logits.safetensors");
        float[] expected = ModelRun.ReadTensor(golden, gelu is null ? "logits" : "logits_gelu_tanh");
        foreach (string path in new[]
        {
            Fixtures.Shared("models", "tiny", name + ".gguf"), Fixtures.Shared("oracle", "hf", name),
        })
        {
            using LanguageModel model = LanguageModel.Load(path, new ModelOptions { Gelu = gelu });
            LoadedAdapter loaded = AdapterReader.Read(adapter, model, SampleAdapters.Hashes);

            float[] actual = SampleAdapters.Logits(model, loaded.Adapter);

            Assert.InRange(ModelRun.LargestDifference(expected, actual), 0, LogitTolerance);
        }
    }

    [Theory]
    [InlineData("folders/bloom-6h", "families/bloom-6h.gguf")]
    [InlineData("folders/falcon-40b", "families/falcon-40b.gguf")]
    [InlineData("folders/falcon-7b", "families/falcon-7b.gguf")]
    [InlineData("folders/gptneox-sequential", "families/gptneox-sequential.gguf")]
    [InlineData("folders/mpt-6h-clip", "families/mpt-6h-clip.gguf")]
    [InlineData("folders/mixtral", "families/mixtral.gguf")]
    [InlineData("folders/llama3", "families/llama3.gguf")]
    [InlineData("folders/qwen3-moe", "families/qwen3-moe.gguf")]
    [InlineData("folders/gemma2", "families/gemma2.gguf")]
    [InlineData("folders/phi3-longrope", "families/phi3-longrope.gguf")]
    public void An_adapter_written_for_one_kind_of_file_does_the_same_on_the_other(string folderName, string fileName)
    {
        using TemporaryFolder temporary = new();
        using LanguageModel folder = LanguageModel.Load(TestModels.PathOf(folderName));
        using LanguageModel file = LanguageModel.Load(TestModels.PathOf(fileName));
        LoraAdapter adapter = SampleAdapters.Random(folder, seed: 4);
        PeftWriter.Write(temporary["first"], adapter, AdaptableLinears.Of(folder));
        LoadedAdapter onFile = AdapterReader.Read(temporary["first"], file, SampleAdapters.Hashes);
        PeftWriter.Write(temporary["second"], onFile.Adapter, AdaptableLinears.Of(file));

        float difference = ModelRun.LargestDifference(
            SampleAdapters.Logits(folder, adapter), SampleAdapters.Logits(file, onFile.Adapter));

        Assert.InRange(difference, 0, 5e-4f);
        using TensorFile first = TensorFile.Open(Path.Combine(temporary["first"], PeftFolder.WeightsName));
        using TensorFile second = TensorFile.Open(Path.Combine(temporary["second"], PeftFolder.WeightsName));
        Assert.All(first.Tensors, tensor =>
            Assert.Equal(first.Singles(tensor), second.Singles(second[tensor.Name])));
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void A_published_adapter_of_Gpt2_applies_to_a_model_of_its_shape()
    {
        string adapter = Fixtures.Shared("adapters", "gpt2-kto");
        using TemporaryFolder temporary = new();
        WriteGpt2(temporary["base"], adapter, merges: false);
        WriteGpt2(temporary["merged"], adapter, merges: true);
        using LanguageModel model = LanguageModel.Load(temporary["base"]);
        LoadedAdapter loaded = AdapterReader.Read(adapter, model, SampleAdapters.Hashes);
        using LanguageModel merged = LanguageModel.Load(temporary["merged"]);

        float[] plain = Logits(model, null);
        float[] adapted = Logits(model, loaded.Adapter);

        Assert.Equal(KtoLayers, loaded.Adapter.Factors.Count);
        Assert.InRange(ModelRun.LargestDifference(plain, adapted), 1e-3f, float.MaxValue);
        Assert.InRange(ModelRun.LargestDifference(Logits(merged, null), adapted), 0, 2e-4f);
    }

    private static float[] Logits(LanguageModel model, LoraAdapter? adapter)
    {
        int[] tokens = [1, 5, 63, 17, 20, 3, 3, 9];
        using KvCache cache = model.CreateCache();
        using KvSequence sequence = cache.Open(adapter is null ? null : model.Bind(adapter));
        Batch batch = new();
        batch.Add(sequence, tokens, OutputRows.All);
        model.Decoder.Forward(batch);
        float[] logits = new float[tokens.Length * KtoVocabulary];
        model.Decoder.Logits(batch, 0, tokens.Length, logits);
        return logits;
    }

    // Random weights; with the adapter merged, W + (alpha / r) · (B · A)ᵀ, as the file has W transposed.
    private static void WriteGpt2(string path, string adapter, bool merges)
    {
        Directory.CreateDirectory(path);
        File.WriteAllText(
            Path.Combine(path, "config.json"),
            $$"""
            {"model_type": "gpt2", "n_embd": {{KtoHidden}}, "n_head": 12, "n_layer": {{KtoLayers}},
             "n_inner": {{KtoInner}}, "n_positions": {{KtoPositions}}, "layer_norm_epsilon": 1e-5}
            """);
        Random random = new(3);
        List<TensorSource> tensors =
        [
            Values("wte.weight", 0.1, KtoVocabulary, KtoHidden), Values("wpe.weight", 0.1, KtoPositions, KtoHidden),
            Values("ln_f.weight", 1, KtoHidden), Values("ln_f.bias", 0.1, KtoHidden),
        ];
        using TensorFile factors = TensorFile.Open(Path.Combine(adapter, PeftFolder.WeightsName));
        for (int layer = 0; layer < KtoLayers; layer++)
        {
            string prefix = $"h.{layer}.";
            tensors.AddRange(
            [
                Values(prefix + "ln_1.weight", 1, KtoHidden), Values(prefix + "ln_1.bias", 0.1, KtoHidden),
                Values(prefix + "attn.c_attn.weight", 0.02, KtoHidden, 3 * KtoHidden, Merged(layer)),
                Values(prefix + "attn.c_attn.bias", 0.1, 3 * KtoHidden),
                Values(prefix + "attn.c_proj.weight", 0.02, KtoHidden, KtoHidden),
                Values(prefix + "attn.c_proj.bias", 0.1, KtoHidden),
                Values(prefix + "ln_2.weight", 1, KtoHidden), Values(prefix + "ln_2.bias", 0.1, KtoHidden),
                Values(prefix + "mlp.c_fc.weight", 0.02, KtoHidden, KtoInner),
                Values(prefix + "mlp.c_fc.bias", 0.1, KtoInner),
                Values(prefix + "mlp.c_proj.weight", 0.02, KtoInner, KtoHidden),
                Values(prefix + "mlp.c_proj.bias", 0.1, KtoHidden),
            ]);
        }

        SafetensorsWriter.Write(Path.Combine(path, "model.safetensors"), new Dictionary<string, string>(), tensors);

        TensorSource Values(string name, double deviation, int rows, int columns = 1, float[]? change = null)
        {
            float[] values = new float[rows * columns];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = (float)(deviation * ((2 * random.NextDouble()) - 1)) + (change?[i] ?? 0);
            }

            return TensorSource.FromSingles(name, columns == 1 ? [rows] : [rows, columns], values);
        }

        float[]? Merged(int layer)
        {
            if (!merges)
            {
                return null;
            }

            string module = $"base_model.model.transformer.h.{layer}.attn.c_attn.lora_";
            float[] a = factors.Singles(factors[module + "A.weight"]);
            float[] b = factors.Singles(factors[module + "B.weight"]);
            return Product(a, b, rank: (int)factors[module + "A.weight"].Shape[0], scale: 1);
        }
    }

    private static float[] Product(float[] a, float[] b, int rank, float scale)
    {
        int outputs = b.Length / rank;
        int inputs = a.Length / rank;
        float[] product = new float[inputs * outputs];
        for (int output = 0; output < outputs; output++)
        {
            for (int k = 0; k < rank; k++)
            {
                for (int input = 0; input < inputs; input++)
                {
                    product[(input * outputs) + output] += scale * b[(output * rank) + k] * a[(k * inputs) + input];
                }
            }
        }

        return product;
    }
}
