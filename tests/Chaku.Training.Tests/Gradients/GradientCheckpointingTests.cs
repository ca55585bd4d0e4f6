using System.Runtime.InteropServices;
using Chaku.Kernels.Ops;
using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Model.Decoding;
using Chaku.Tests;
using Chaku.Training.Datasets;
using Chaku.Training.Optimisation;

namespace Chaku.Training.Tests.Gradients;

/// <summary>Layers that are computed again give the losses and the weights that kept ones give, bit for bit.</summary>
public sealed class GradientCheckpointingTests
{
    private const int Vocabulary = 384;

    private static readonly string[] Quantised = ["quant/llama-gqa-Q8_0.gguf", "quant/llama-gqa-Q4_K_M.gguf"];

    public static TheoryData<string> Models() => [.. TestModels.OfEachFamily, .. Quantised];

    public static TheoryData<string> DoraModels() =>
        ["tiny/llama-gqa.gguf", "families/phi3-longrope.gguf", "families/gptneox-sequential.gguf", .. Quantised];

    [Theory]
    [MemberData(nameof(Models))]
    public void Every_family_learns_the_same_bits(string model) => Compare(model, dropout: 0);

    [Theory]
    [MemberData(nameof(Models))]
    public void So_it_does_with_dropout(string model) => Compare(model, dropout: 0.25);

    [Theory]
    [MemberData(nameof(DoraModels))]
    public void So_it_does_with_DoRA(string model) => Compare(model, dropout: 0.1, hasMagnitudes: true);

    [Theory]
    [MemberData(nameof(Models))]
    public void So_it_does_where_only_the_upper_layers_are_trained(string model) =>
        Compare(model, dropout: 0, lowestShare: 0.5);

    [Theory]
    [MemberData(nameof(Models))]
    public void So_it_does_where_all_weights_are_trained(string model)
    {
        (double[] Losses, byte[] Weights) kept = TrainAll(model, isCheckpointed: false);
        (double[] Losses, byte[] Weights) again = TrainAll(model, isCheckpointed: true);

        Assert.Equal(kept.Losses, again.Losses);
        Assert.Equal(kept.Weights, again.Weights);
    }

    private static void Compare(string model, double dropout, bool hasMagnitudes = false, double lowestShare = 0)
    {
        (double[] Losses, byte[] Weights) kept = Train(model, dropout, hasMagnitudes, lowestShare, false);
        (double[] Losses, byte[] Weights) again = Train(model, dropout, hasMagnitudes, lowestShare, true);

        Assert.All(kept.Losses, loss => Assert.True(double.IsFinite(loss)));
        Assert.Equal(kept.Losses, again.Losses);
        Assert.Equal(kept.Weights, again.Weights);
    }

    private static (double[] Losses, byte[] Weights) Train(
        string name, double dropout, bool hasMagnitudes, double lowestShare, bool isCheckpointed)
    {
        using LanguageModel model = LanguageModel.Load(
            TestModels.PathOf(name), new ModelOptions { ThreadCount = isCheckpointed ? 2 : 1, Repack = false });
        LoraAdapter adapter = Adapter(model, hasMagnitudes, lowestShare);
        TrainingSettings settings = Settings(isCheckpointed) with { DropoutRate = dropout };
        using Trainer trainer = new(model.Decoder, model.Bind(adapter), settings, 128, 4);
        double[] losses = Steps(trainer);
        return (losses, [.. adapter.Factors.Values.SelectMany(Bytes)]);
    }

    private static (double[] Losses, byte[] Weights) TrainAll(string name, bool isCheckpointed)
    {
        using LanguageModel model = LanguageModel.Load(
            TestModels.PathOf(name),
            new ModelOptions { ThreadCount = isCheckpointed ? 2 : 1, HoldsSingles = true });
        using Trainer trainer = new(model.Decoder, Settings(isCheckpointed), 128, 4);
        double[] losses = Steps(trainer);
        IEnumerable<byte> weights = WeightList.Of(model.Decoder.Weights).SelectMany(tensor =>
            tensor.Matrix is { } matrix
                ? matrix.RowRange(0, matrix.Rows).ToArray()
                : MemoryMarshal.AsBytes(tensor.Vector.AsSpan()).ToArray());
        return (losses, [.. weights]);
    }

    private static TrainingSettings Settings(bool isCheckpointed) =>
        new() { StepCount = 2, LearningRate = 1e-2, Seed = 3, UsesGradientCheckpointing = isCheckpointed };

    // Two micro-batches, of which the first has two sequences and the second is shorter: buffers hold old numbers too.
    private static double[] Steps(Trainer trainer) =>
    [
        .. Enumerable.Range(0, 2).Select(step => trainer.Step(
            [[Sequence(31, step), Sequence(21, step + 10)], [Sequence(30, step + 20)]]).Loss),
    ];

    private static TrainingSequence Sequence(int length, int seed)
    {
        Random random = new(seed);
        bool[] trained = [.. Enumerable.Range(0, length).Select(i => i > 0 && i % 3 != 1)];
        return new TrainingSequence([.. Enumerable.Range(0, length).Select(_ => random.Next(Vocabulary))], trained);
    }

    private static LoraAdapter Adapter(LanguageModel model, bool hasMagnitudes, double lowestShare)
    {
        LoraSettings settings = new(4, 8, IsWeightDecomposed: hasMagnitudes);
        AdaptableLinears linears = AdaptableLinears.Of(model);
        LoraAdapter whole = LoraAdapter.Create(linears, [AdaptableLinears.AllLinear], settings, seed: 2);
        string[] names = [.. model.Decoder.Linears.Select(linear => linear.Name).Where(whole.Factors.ContainsKey)];
        Dictionary<string, LoraFactors> factors = names.Skip((int)(lowestShare * names.Length))
            .ToDictionary(name => name, name => whole.Factors[name]);
        ulong tensor = 0;
        foreach (LoraFactors pair in factors.Values)
        {
            Span<float> values = pair.TransposedBValues;
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = (float)(0.1 * CounterRandom.Normal(5, tensor, (ulong)i));
            }

            tensor++;
        }

        return new LoraAdapter(factors, settings);
    }

    private static byte[] Bytes(LoraFactors pair) =>
    [
        .. MemoryMarshal.AsBytes(pair.AValues), .. MemoryMarshal.AsBytes(pair.TransposedBValues),
        .. MemoryMarshal.AsBytes(pair.Magnitude.AsSpan()),
    ];
}
