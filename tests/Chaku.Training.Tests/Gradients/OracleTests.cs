using Chaku.Kernels.Ops;
using Chaku.Model.Cache;
using Chaku.Model.Decoding;
using Chaku.Tests;
using Chaku.Training.Gradients;

namespace Chaku.Training.Tests.Gradients;

public sealed class OracleTests
{
    private const float GradientTolerance = 2e-5f;
    private const double LossTolerance = 1e-5;
    private const double WeightTolerance = 5e-5;
    private const float LogitTolerance = 5e-5f;
    private const int StepCount = 10;
    private const int CachePositions = 4096;

    /// <summary>Models, goldens, scales, and the variant of GELU where it is not the model's own.</summary>
    public static TheoryData<string, string, float, string?> Goldens()
    {
        TheoryData<string, string, float, string?> goldens = new()
        {
            { "models/tiny/llama-gqa.gguf", "oracle/llama-gqa.lora", 2f, null },
            { "models/tiny/llama-mqa-tied.gguf", "oracle/llama-mqa-tied.lora", 2f, null },
            { "models/tiny/llama3-ropefreqs.gguf", "oracle/llama3-ropefreqs.lora", 2f, null },
            { "models/tiny/llama-gqa.gguf", "oracle/llama-gqa.rslora", 4f, null },
            { "models/folders/falcon-rw", "oracle/falcon-rw.lora", 2f, null },
        };
        foreach (string name in new[]
        {
            "falcon-40b", "gptneox-sequential", "mpt-6h-clip", "mixtral", "gemma2", "qwen3", "qwen3-moe",
        })
        {
            goldens.Add($"models/families/{name}.gguf", $"oracle/{name}.lora", 2f, null);
            goldens.Add($"models/folders/{name}", $"oracle/{name}.lora", 2f, null);
        }

        return goldens;
    }

    /// <summary>The same, of the shared fixtures.</summary>
    public static TheoryData<string, string, float, string?> SharedGoldens() => new()
    {
        { "models/tiny/qwen2.gguf", "oracle/qwen2.lora", 2f, null },
        { "models/tiny/falcon-7b-style.gguf", "oracle/falcon-7b-style.lora", 2f, "tanh" },
        { "models/tiny/bloom-4h.gguf", "oracle/bloom-4h.lora", 2f, null },
        { "models/tiny/gptneox-parallel.gguf", "oracle/gptneox-parallel.lora", 2f, "tanh" },
        { "models/tiny/gpt2.gguf", "oracle/gpt2.lora", 2f, null },
        { "models/tiny/mixtral-moe.gguf", "oracle/mixtral-moe.lora", 2f, null },
        { "models/tiny/phi3.gguf", "oracle/phi3.lora", 2f, null },
        { "oracle/hf/phi3", "oracle/hf/phi3.lora", 2f, null },
        { "oracle/hf/gptj", "oracle/hf/gptj.lora", 2f, null },
    };

    [Theory]
    [MemberData(nameof(Goldens))]
    public void Loss_gradients_and_ten_steps_equal_PyTorch(string model, string golden, float scale, string? gelu) =>
        Train(Own(model, golden, scale, gelu), [Oracle.Tokens], Oracle.FirstTarget - 1);

    [Theory]
    [MemberData(nameof(SharedGoldens))]
    public void Shared_loss_gradients_and_ten_steps_equal_PyTorch(
        string model, string golden, float scale, string? gelu) =>
        Train(Shared(model, golden, scale, gelu), [Oracle.Tokens], Oracle.FirstTarget - 1);

    [Fact]
    public void Packed_sequences_equal_PyTorch() => Train(
        Own("models/tiny/llama-gqa.gguf", "oracle/llama-gqa.packed", 2f, null),
        [Oracle.Tokens[..13], Oracle.Tokens[13..]],
        0);

    [Fact]
    public void Weight_decomposed_factors_equal_PyTorch()
    {
        Train(Dora(), [Oracle.Tokens], Oracle.FirstTarget - 1);
        CheckLogits(Dora());
    }

    [Theory]
    [MemberData(nameof(Goldens))]
    public void Adapted_logits_equal_PyTorch(string model, string golden, float scale, string? gelu) =>
        CheckLogits(Own(model, golden, scale, gelu));

    [Theory]
    [MemberData(nameof(SharedGoldens))]
    public void Shared_adapted_logits_equal_PyTorch(string model, string golden, float scale, string? gelu) =>
        CheckLogits(Shared(model, golden, scale, gelu));

    private static Oracle Own(string model, string golden, float scale, string? gelu) => new(
        Fixtures.TestData(model.Split('/')), Fixtures.TestData((golden + ".safetensors").Split('/')), scale, gelu);

    private static Oracle Dora() => new(
        Fixtures.TestData("models", "tiny", "llama-gqa.gguf"),
        Fixtures.TestData("oracle", "llama-gqa.dora.safetensors"),
        Oracle.Alpha / Oracle.Rank,
        isDora: true);

    private static Oracle Shared(string model, string golden, float scale, string? gelu) => new(
        Fixtures.Shared(model.Split('/')), Fixtures.Shared((golden + ".safetensors").Split('/')), scale, gelu);

    private static void CheckLogits(Oracle owned)
    {
        using Oracle oracle = owned;
        using KvCache cache = oracle.Model.CreateCache();
        Batch batch = new();
        oracle.Model.Prefill(batch, cache.Open(oracle.Adapter), Oracle.Tokens, OutputRows.All);
        float[] logits = new float[Oracle.Tokens.Length * oracle.Model.Decoder.Config.VocabularySize];
        oracle.Model.Decoder.Logits(batch, 0, Oracle.Tokens.Length, logits);

        AssertNear(oracle.Values("logits"), logits, LogitTolerance, "logits");
    }

    private static void Train(Oracle owned, int[][] sequences, int firstOutput)
    {
        using Oracle oracle = owned;
        using KvCache cache = oracle.Model.Decoder.CreateCache(CachePositions, StepCount * sequences.Length);
        using AdapterGradients gradients = new(oracle.Model.Decoder, oracle.Adapter);
        using DecoderBackward backward = new(oracle.Model.Decoder, gradients);
        int[] targets = [.. sequences.SelectMany(tokens => tokens.Skip(firstOutput + 1))];
        float[] expectedLosses = oracle.Values("losses");
        AdamW optimiser = new(0.9, 0.999, 1e-8, 0.01);
        Dictionary<string, float[]> moments = [];
        Assert.Equal(oracle.MatrixCount, gradients.All.Count);
        for (int step = 0; step <= StepCount; step++)
        {
            gradients.Clear();
            Batch batch = oracle.Batch(cache, sequences, firstOutput);
            float[] losses = new float[targets.Length];
            backward.LossesAndGradients(batch, targets, 1f / targets.Length, losses);
            Assert.Equal(expectedLosses[step], losses.Average(), LossTolerance);
            if (step == 0)
            {
                CheckGradients(oracle, gradients);
            }

            if (step < StepCount)
            {
                Update(optimiser, gradients, moments, step + 1);
            }
        }

        foreach (FactorGradients pair in gradients.All)
        {
            string name = pair.Linear.Name;
            AssertNearRms(oracle.OfA(pair.Linear, ".lora_a.after10"), pair.Factors.AValues, name);
            float[] after = oracle.TransposedB(pair.Linear, ".lora_b.after10");
            AssertNearRms(after, pair.Factors.TransposedBValues, name);
            if (pair.Factors.Magnitude is { } magnitude)
            {
                AssertNearRms(oracle.Values(name + ".lora_magnitude.after10"), magnitude, name);
            }
        }
    }

    private static void CheckGradients(Oracle oracle, AdapterGradients gradients)
    {
        foreach (FactorGradients pair in gradients.All)
        {
            string name = pair.Linear.Name;
            float[] a = oracle.OfA(pair.Linear, ".lora_a.grad");
            float[] b = oracle.TransposedB(pair.Linear, ".lora_b.grad");
            AssertNear(a, pair.A, GradientTolerance * a.Max(MathF.Abs), name + " dA");
            AssertNear(b, pair.TransposedB, GradientTolerance * b.Max(MathF.Abs), name + " dB");
            if (!pair.Magnitude.IsEmpty)
            {
                float[] m = oracle.Values(name + ".lora_magnitude.grad");
                AssertNear(m, pair.Magnitude, GradientTolerance * m.Max(MathF.Abs), name + " dm");
            }
        }
    }

    private static void Update(
        AdamW optimiser, AdapterGradients gradients, Dictionary<string, float[]> moments, int step)
    {
        foreach (TrainedTensor tensor in gradients.Tensors)
        {
            Step(tensor.Name, tensor.Gradient, tensor.Values);
        }

        void Step(string name, Span<float> gradient, Span<float> parameters)
        {
            if (!moments.TryGetValue(name, out float[]? held))
            {
                moments.Add(name, held = new float[2 * parameters.Length]);
            }

            Span<float> mean = held.AsSpan(0, parameters.Length);
            optimiser.Step(0.01, step, 1, gradient, parameters, mean, held.AsSpan(parameters.Length));
        }
    }

    private static void AssertNear(float[] expected, ReadOnlySpan<float> actual, float tolerance, string name)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(
                MathF.Abs(expected[i] - actual[i]) <= tolerance,
                $"{name}[{i}]: expected {expected[i]}, got {actual[i]}, tolerance {tolerance}");
        }
    }

    private static void AssertNearRms(float[] expected, ReadOnlySpan<float> actual, string name)
    {
        double sum = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            sum += Math.Pow(expected[i] - actual[i], 2);
        }

        double rms = Math.Sqrt(sum / expected.Length);
        Assert.True(rms <= WeightTolerance, $"{name}: {rms} RMS from the golden weights");
    }
}
