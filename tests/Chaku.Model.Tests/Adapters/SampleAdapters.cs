using Chaku.Model.Adapters;
using Chaku.Model.Cache;
using Chaku.Model.Decoding;
using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Model.Tests.Adapters;

/// <summary>A tiny model, adapters for it, and folders in PEFT's format written by hand.</summary>
internal static class SampleAdapters
{
    public const string Config =
        """{"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["v_proj"], "task_type": "CAUSAL_LM"}""";

    public static readonly int[] Tokens =
        [1, 300, 17, 259, 301, 33, 72, 105, 260, 261, 262, 90, 44, 310, 7, 8, 9, 300, 300, 17, 299, 263];

    /// <summary>Remembers nothing between tests.</summary>
    public static ContentHashCache Hashes => new(folder: null, TimeProvider.System);

    public static string GoldenFolder => Fixtures.TestData("oracle", "peft", "llama-gqa");

    public static LanguageModel Model(string name = "llama-gqa") =>
        LanguageModel.Load(Fixtures.TestData("models", "tiny", name + ".gguf"), new ModelOptions { ThreadCount = 2 });

    /// <summary>An adapter whose B is not zero.</summary>
    public static LoraAdapter Random(
        LanguageModel model,
        int seed,
        LoraSettings? settings = null,
        AdapterOrigin? origin = null,
        params string[] targets)
    {
        LoraAdapter adapter = LoraAdapter.Create(
            AdaptableLinears.Of(model),
            targets.Length == 0 ? [AdaptableLinears.AllLinear] : targets,
            settings ?? new LoraSettings(3, 6),
            (ulong)seed,
            origin);
        Random random = new(seed);
        foreach (LoraFactors factors in adapter.Factors.Values)
        {
            foreach (ref float value in factors.TransposedBValues)
            {
                value = (float)(random.NextDouble() - 0.5);
            }
        }

        return adapter;
    }

    /// <summary>Logits of every token, [22, vocabulary].</summary>
    public static float[] Logits(LanguageModel model, LoraAdapter? adapter)
    {
        using KvCache cache = model.CreateCache();
        using KvSequence sequence = cache.Open(adapter is null ? null : model.Bind(adapter));
        Batch batch = new();
        batch.Add(sequence, Tokens, OutputRows.All);
        model.Decoder.Forward(batch);
        float[] logits = new float[Tokens.Length * model.Decoder.Config.VocabularySize];
        model.Decoder.Logits(batch, 0, Tokens.Length, logits);
        return logits;
    }

    /// <summary>Factors of rank 2 for one module.</summary>
    public static TensorSource[] Pair(string module, int inputSize, int outputSize, float a = 1, float b = 1) =>
    [
        Tensor($"base_model.model.{module}.lora_A.weight", a, 2, inputSize),
        Tensor($"base_model.model.{module}.lora_B.weight", b, outputSize, 2),
    ];

    /// <summary>A tensor of one value.</summary>
    public static TensorSource Tensor(string name, float value, params long[] shape)
    {
        float[] values = new float[shape.Aggregate(1L, (product, length) => product * length)];
        Array.Fill(values, value);
        return TensorSource.FromSingles(name, shape, values);
    }

    /// <summary>Writes an adapter's folder.</summary>
    public static string WriteFolder(
        this TemporaryFolder folder,
        IReadOnlyList<TensorSource> tensors,
        string config = Config,
        Dictionary<string, string>? metadata = null)
    {
        string path = Directory.CreateDirectory(folder["adapter"]).FullName;
        File.WriteAllText(Path.Combine(path, "adapter_config.json"), config);
        SafetensorsWriter.Write(Path.Combine(path, "adapter_model.safetensors"), metadata ?? [], tensors);
        return path;
    }

    /// <summary>Factors of both layers' v_proj of the tiny model, as <see cref="Config"/> has them.</summary>
    public static TensorSource[] Values(float a = 1, float b = 1) =>
    [
        .. Pair("model.layers.0.self_attn.v_proj", 64, 32, a, b),
        .. Pair("model.layers.1.self_attn.v_proj", 64, 32, a, b),
    ];
}
