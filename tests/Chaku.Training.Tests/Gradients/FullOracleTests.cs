using Chaku.Model;
using Chaku.Model.Cache;
using Chaku.Model.Decoding;
using Chaku.Model.Files;
using Chaku.Tests;
using Chaku.Training.Gradients;

namespace Chaku.Training.Tests.Gradients;

/// <summary>Gradients of all weights against PyTorch's in float64, as testdata/PROVENANCE.md says.</summary>
public sealed class FullOracleTests
{
    private const float GradientTolerance = 2e-5f;
    private const double LossTolerance = 1e-5;

    [Fact]
    public void All_gradients_of_the_Llama_family_equal_PyTorch() => Check(
        Fixtures.TestData("models", "tiny", "llama-gqa.gguf"),
        Fixtures.TestData("oracle", "llama-gqa.full.safetensors"));

    [Fact]
    public void All_gradients_of_GPT_NeoX_equal_PyTorch() => Check(
        Fixtures.Shared("models", "tiny", "gptneox-parallel.gguf"),
        Fixtures.TestData("oracle", "gptneox-parallel.full.safetensors"),
        gelu: "tanh");

    private static void Check(string path, string goldenPath, string? gelu = null)
    {
        using TensorFile golden = TensorFile.Open(goldenPath);
        using LanguageModel model = LanguageModel.Load(
            path, new ModelOptions { ThreadCount = 2, Gelu = gelu, HoldsSingles = true });
        using FullGradients gradients = new(model.Decoder);
        using DecoderBackward backward = new(model.Decoder, gradients);
        using KvCache cache = model.Decoder.CreateCache(64);
        int[] targets = Oracle.Tokens[Oracle.FirstTarget..];
        Batch batch = new();
        batch.Add(
            cache.Open(null),
            Oracle.Tokens,
            [.. Enumerable.Range(Oracle.FirstTarget - 1, targets.Length)]);
        float[] losses = new float[targets.Length];

        backward.LossesAndGradients(batch, targets, 1f / targets.Length, losses);

        Assert.Equal(golden.Singles(golden["loss"])[0], losses.Average(), LossTolerance);
        Assert.Equal(
            golden.Tensors.Select(tensor => tensor.Name).Where(name => name != "loss").Order(StringComparer.Ordinal),
            gradients.Tensors.Select(tensor => tensor.Name + ".grad").Order(StringComparer.Ordinal));
        foreach (TrainedTensor tensor in gradients.Tensors)
        {
            float[] expected = golden.Singles(golden[tensor.Name + ".grad"]);
            float largest = expected.Max(MathF.Abs);
            Assert.Equal(expected.Length, tensor.Length);
            for (int i = 0; i < expected.Length; i++)
            {
                Assert.True(
                    MathF.Abs(expected[i] - tensor.Gradient[i]) <= GradientTolerance * largest,
                    $"{tensor.Name}[{i}]: expected {expected[i]}, got {tensor.Gradient[i]} beside {largest}");
            }
        }
    }
}
