using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Model.Cache;
using Chaku.Model.Decoding;
using Chaku.Tests;
using Chaku.Training.Estimation;
using Chaku.Training.Gradients;
using Chaku.Training.Optimisation;

namespace Chaku.Training.Tests.Estimation;

/// <summary>What is worked out from shapes is what a step really takes.</summary>
public sealed class StepMemoryTests
{
    private const int Length = 30;
    private const int SequenceCount = 3;

    // Buffers of experts are as long as the busiest expert's rows.
    private const double BufferTolerance = 0.12;
    private const double ExpertTolerance = 0.35;

    private static readonly string[] Quantised = ["quant/llama-gqa-Q8_0.gguf", "quant/llama-gqa-Q4_K_M.gguf"];

    public static TheoryData<string, bool> Models()
    {
        TheoryData<string, bool> models = [];
        foreach (string name in TestModels.OfEachFamily.Concat(Quantised))
        {
            models.Add(name, false);
            models.Add(name, true);
        }

        return models;
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void An_adapters_step_takes_what_is_estimated(string name, bool isCheckpointed)
    {
        using LanguageModel model = LanguageModel.Load(
            TestModels.PathOf(name), new ModelOptions { ThreadCount = 2, Repack = false });
        TrainingShape shape = Shape(isCheckpointed) with { Rank = 4 };
        LoraAdapter adapter = LoraAdapter.Create(
            AdaptableLinears.Of(model), [AdaptableLinears.AllLinear], new LoraSettings(4, 8), seed: 1);
        BoundAdapter bound = model.Bind(adapter);
        using AdapterGradients gradients = new(model.Decoder, bound);

        Compare(model, bound, gradients, shape);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void So_does_a_step_of_all_weights(string name, bool isCheckpointed)
    {
        using LanguageModel model = LanguageModel.Load(
            TestModels.PathOf(name), new ModelOptions { ThreadCount = 2, HoldsSingles = true });
        using FullGradients gradients = new(model.Decoder);

        Compare(model, null, gradients, Shape(isCheckpointed) with { IsFull = true });
    }

    private static TrainingShape Shape(bool isCheckpointed) => new()
    {
        TokenCount = Length * SequenceCount,
        SequenceCount = SequenceCount,
        ParameterCount = 0,
        UsesGradientCheckpointing = isCheckpointed,
        Optimiser = OptimiserKinds.All[0],
    };

    private static void Compare(
        LanguageModel model, BoundAdapter? adapter, GradientSet gradients, TrainingShape shape)
    {
        using DecoderBackward backward = new(model.Decoder, gradients, shape.UsesGradientCheckpointing);
        using KvCache cache = model.Decoder.CreateCache(shape.TokenCount, SequenceCount, sharesPrefixes: false);
        Run(backward, cache, adapter);
        StepMemory estimate = new(model.Decoder, shape);

        Assert.Equal(estimate.ActivationBytes, backward.TapeByteLength);
        Assert.Equal(estimate.LogitBytes, backward.LogitByteLength);

        // Which sequence begins another page is not known before.
        long page = model.Decoder.CacheLayout.PageByteLength;
        Assert.InRange(estimate.CacheBytes, cache.ByteLength, cache.ByteLength + page);
        double tolerance = model.Decoder.Config.FeedForward.Experts is null ? BufferTolerance : ExpertTolerance;
        double ratio = (double)estimate.BufferBytes
            / (backward.BufferByteLength + model.Decoder.Workspace.ByteLength);
        Assert.InRange(ratio, 1 - tolerance, 1 + tolerance);
    }

    private static void Run(DecoderBackward backward, KvCache cache, BoundAdapter? adapter)
    {
        Random random = new(4);
        Batch batch = new();
        List<int> targets = [];
        KvSequence[] sequences = [.. Enumerable.Range(0, SequenceCount).Select(_ => cache.Open(adapter))];
        foreach (KvSequence sequence in sequences)
        {
            int[] tokens = [.. Enumerable.Range(0, Length).Select(_ => random.Next(384))];
            batch.Add(sequence, tokens, OutputRows.All);
            targets.AddRange(tokens);
        }

        backward.LossesAndGradients(batch, [.. targets], 1f / targets.Count, new float[targets.Count]);
        Array.ForEach(sequences, sequence => sequence.Dispose());
    }
}
