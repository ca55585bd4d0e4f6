using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Model.Scoring;
using Chaku.Tests;
using Chaku.Training.Datasets;
using Chaku.Training.Optimisation;

namespace Chaku.Training.Tests;

/// <summary>
/// The trained function is the served function: the training forward's perplexity is serving's, to the last bit.
/// </summary>
public sealed class ParityTests
{
    private const int ContextLength = 30;
    private const int TokenCount = 450;
    private const int First = 1;

    private static readonly string[] Quantised = ["quant/llama-gqa-Q8_0.gguf", "quant/llama-gqa-Q4_K_M.gguf"];

    public static TheoryData<string> Models() => [.. TestModels.OfEachFamily, .. Quantised];

    /// <summary>Separate and fused projections, with biases and without, and quantised bases.</summary>
    public static TheoryData<string> DoraModels() =>
        ["tiny/llama-gqa.gguf", "families/phi3-longrope.gguf", "families/gptneox-sequential.gguf", .. Quantised];

    [Theory]
    [MemberData(nameof(Models))]
    public void Perplexity_of_the_training_forward_is_that_of_serving(string file) =>
        Compare(file, new LoraSettings(4, 8));

    [Theory]
    [MemberData(nameof(DoraModels))]
    public void It_is_so_with_DoRA(string file) => Compare(file, new LoraSettings(4, 8, IsWeightDecomposed: true));

    private static void Compare(string file, LoraSettings settings)
    {
        string path = TestModels.PathOf(file);
        Random random = new(11);
        int[] tokens = [.. Enumerable.Range(0, TokenCount).Select(_ => random.Next(384))];
        using LanguageModel served = LanguageModel.Load(path, new ModelOptions { ContextLength = ContextLength });
        PerplexityScore score = Perplexity.Score(
            served,
            tokens,
            First,
            served.Bind(Adapter(served, settings)),
            cancellation: TestContext.Current.CancellationToken);

        using LanguageModel trained = LanguageModel.Load(
            path, new ModelOptions { ContextLength = ContextLength, Repack = false, ThreadCount = 3 });
        TrainingSequence[] windows = [.. tokens.Chunk(ContextLength - 1).Select(Window)];
        using Trainer trainer = new(
            trained.Decoder,
            trained.Bind(Adapter(trained, settings)),
            new TrainingSettings { StepCount = 1, LearningRate = 1e-30, Optimiser = new(0.9, 0.999, 1e-8, 0) },
            TokenCount + windows.Length,
            windows.Length);

        double validated = trainer.Validate(windows, TestContext.Current.CancellationToken);
        double stepped = trainer.Step([windows]).Loss;

        Assert.Equal(TokenCount, score.TokenCount);
        Assert.Equal(-score.LogLikelihood / score.TokenCount, validated);
        Assert.Equal(validated, stepped);
    }

    private static TrainingSequence Window(int[] part) =>
        new([First, .. part], [false, .. Enumerable.Repeat(true, part.Length)]);

    private static LoraAdapter Adapter(LanguageModel model, LoraSettings settings)
    {
        LoraAdapter adapter = LoraAdapter.Create(
            AdaptableLinears.Of(model), [AdaptableLinears.AllLinear], settings, seed: 2);
        Random random = new(5);
        foreach (LoraFactors pair in adapter.Factors.Values)
        {
            for (int i = 0; i < pair.TransposedBValues.Length; i++)
            {
                pair.TransposedBValues[i] = (float)(0.1 * (random.NextDouble() - 0.5));
            }
        }

        return adapter;
    }
}
