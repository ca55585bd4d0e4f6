using Chaku.Kernels.Ops;
using Chaku.Model.Cache;
using Chaku.Model.Decoding;
using Chaku.Training.Gradients;

namespace Chaku.Training.Tests.Gradients;

public sealed class OracleTests
{
    private const float GradientTolerance = 2e-5f;
    private const double LossTolerance = 1e-5;
    private const double WeightTolerance = 5e-5;
    private const float LogitTolerance = 5e-5f;
    private const int StepCount = 10;

    [Theory]
    [InlineData("llama-gqa", "llama-gqa.lora", 2f)]
    [InlineData("llama-mqa-tied", "llama-mqa-tied.lora", 2f)]
    [InlineData("llama3-ropefreqs", "llama3-ropefreqs.lora", 2f)]
    [InlineData("llama-gqa", "llama-gqa.rslora", 4f)]
    public void Loss_gradients_and_ten_steps_equal_PyTorch(string model, string golden, float scale) =>
        Train(model, golden, scale, [Oracle.Tokens], Oracle.FirstTarget - 1);

    [Fact]
    public void Packed_sequences_equal_PyTorch() =>
        Train("llama-gqa", "llama-gqa.packed", 2f, [Oracle.Tokens[..13], Oracle.Tokens[13..]], 0);

    [Theory]
    [InlineData("llama-gqa", "llama-gqa.lora", 2f)]
    [InlineData("llama-mqa-tied", "llama-mqa-tied.lora", 2f)]
    [InlineData("llama3-ropefreqs", "llama3-ropefreqs.lora", 2f)]
    [InlineData("llama-gqa", "llama-gqa.rslora", 4f)]
    public void Adapted_logits_equal_PyTorch(string model, string golden, float scale)
    {
        using Oracle oracle = new(model, golden, scale);
        using KvCache cache = oracle.Model.CreateCache();
        Batch batch = new();
        oracle.Model.Prefill(batch, cache.Open(oracle.Adapter), Oracle.Tokens, OutputRows.All);
        float[] logits = new float[Oracle.Tokens.Length * oracle.Model.Decoder.Config.VocabularySize];
        oracle.Model.Decoder.Logits(batch, 0, Oracle.Tokens.Length, logits);

        AssertNear(oracle.Values("logits"), logits, LogitTolerance, "logits");
    }

    private static void Train(string model, string golden, float scale, int[][] sequences, int firstOutput)
    {
        using Oracle oracle = new(model, golden, scale);
        using KvCache cache = oracle.Model.CreateCache(sequences.Length);
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
            AssertNearRms(oracle.Values(name + ".lora_a.after10"), pair.Factors.AValues, name);
            float[] after = oracle.TransposedB(name + ".lora_b.after10", pair.Linear);
            AssertNearRms(after, pair.Factors.TransposedBValues, name);
        }
    }

    private static void CheckGradients(Oracle oracle, AdapterGradients gradients)
    {
        foreach (FactorGradients pair in gradients.All)
        {
            string name = pair.Linear.Name;
            float[] a = oracle.Values(name + ".lora_a.grad");
            float[] b = oracle.TransposedB(name + ".lora_b.grad", pair.Linear);
            AssertNear(a, pair.A, GradientTolerance * a.Max(MathF.Abs), name + " dA");
            AssertNear(b, pair.TransposedB, GradientTolerance * b.Max(MathF.Abs), name + " dB");
        }
    }

    private static void Update(
        AdamW optimiser, AdapterGradients gradients, Dictionary<string, float[]> moments, int step)
    {
        foreach (FactorGradients pair in gradients.All)
        {
            Step(pair.Linear.Name + "A", pair.A, pair.Factors.AValues);
            Step(pair.Linear.Name + "B", pair.TransposedB, pair.Factors.TransposedBValues);
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
