using Chaku.Kernels.Ops;
using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Model.Cache;
using Chaku.Model.Decoding;
using Chaku.Tests;
using Chaku.Training.Gradients;

namespace Chaku.Training.Tests.Gradients;

/// <summary>The whole decoder's gradient against central differences of its loss, along seeded directions.</summary>
public sealed class CentralDifferenceTests
{
    private const int DirectionCount = 8;
    private const double RelativeTolerance = 1e-2;

    // A step at which neither the rounding of a float32 loss nor the third derivative shows in the first two digits.
    private const double StepLength = 2e-2;

    // Along a longer one, routers choose other experts, where the loss jumps, and values reach the limit that they are
    // cut at, where it bends.
    private const double ShortStepLength = 2.5e-3;

    public static TheoryData<string, double> Models()
    {
        TheoryData<string, double> models = new() { { "tiny/llama-gqa.gguf", 0.3 } };
        foreach (string name in TestModels.OfEachFamily)
        {
            models.Add(name, 0.0);
        }

        return models;
    }

    [Theory]
    [MemberData(nameof(AllModels))]
    public void Derivatives_towards_all_weights_equal_central_differences(string name)
    {
        using LanguageModel model = LanguageModel.Load(
            TestModels.PathOf(name), new ModelOptions { ThreadCount = 2, HoldsSingles = true });
        using FullGradients gradients = new(model.Decoder);
        Check(model, null, gradients, null, _ => true, StepOf(model));
        Check(model, null, gradients, null, IsSmall, StepOf(model));
    }

    public static TheoryData<string> AllModels() => [.. TestModels.OfEachFamily];

    /// <summary>Fused projections, biases, heads that share keys, and DoRA's factors below others.</summary>
    public static TheoryData<string> DoraModels() =>
    [
        "tiny/llama-gqa.gguf", "families/falcon-40b.gguf", "families/phi3-longrope.gguf", "folders/gpt2",
    ];

    // The norms are constants to the gradient, so it is that of the loss for the magnitudes alone.
    [Theory]
    [MemberData(nameof(DoraModels))]
    public void Derivatives_towards_magnitudes_equal_central_differences(string name)
    {
        using LanguageModel model = LanguageModel.Load(
            TestModels.PathOf(name), new ModelOptions { ThreadCount = 2 });
        BoundAdapter bound = model.Bind(RandomAdapter(model, isDora: true));
        using AdapterGradients gradients = new(model.Decoder, bound);
        Check(model, bound, gradients, null, tensor => tensor.Name.EndsWith("magnitude", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Directional_derivatives_equal_central_differences(string name, double dropoutRate)
    {
        using LanguageModel model = LanguageModel.Load(
            TestModels.PathOf(name), new ModelOptions { ThreadCount = 2 });
        LoraAdapter adapter = RandomAdapter(model);
        BoundAdapter bound = model.Bind(adapter);
        using AdapterGradients gradients = new(model.Decoder, bound);
        Dropout? dropout = dropoutRate > 0 ? new Dropout(dropoutRate, seed: 3, step: 0, rowOffset: 0) : null;
        Check(model, bound, gradients, dropout, _ => true);
    }

    /// <summary>
    /// The last layer leaves out most rows, whose keys, values and lower layers have gradients all the same.
    /// </summary>
    [Theory]
    [MemberData(nameof(Models))]
    public void So_they_are_where_only_some_tokens_are_learnt(string name, double dropoutRate)
    {
        using LanguageModel model = LanguageModel.Load(
            TestModels.PathOf(name), new ModelOptions { ThreadCount = 2 });
        BoundAdapter bound = model.Bind(RandomAdapter(model));
        using AdapterGradients gradients = new(model.Decoder, bound);
        Dropout? dropout = dropoutRate > 0 ? new Dropout(dropoutRate, seed: 3, step: 0, rowOffset: 0) : null;
        Check(model, bound, gradients, dropout, _ => true, isMasked: true);
    }

    [Theory]
    [MemberData(nameof(AllModels))]
    public void So_they_are_towards_all_weights_where_only_some_tokens_are_learnt(string name)
    {
        using LanguageModel model = LanguageModel.Load(
            TestModels.PathOf(name), new ModelOptions { ThreadCount = 2, HoldsSingles = true });
        using FullGradients gradients = new(model.Decoder);
        Check(model, null, gradients, null, _ => true, StepOf(model), isMasked: true);
    }

    private static double StepOf(LanguageModel model) =>
        model.Decoder.Config.FeedForward.Experts is null && model.Decoder.Config.Attention.Clip == 0
            ? StepLength
            : ShortStepLength;

    // What would not show beside the large matrices: norms, biases, embeddings, routers.
    private static bool IsSmall(TrainedTensor tensor) =>
        tensor.Name.EndsWith(".bias", StringComparison.Ordinal)
        || tensor.Name.Contains("norm", StringComparison.Ordinal)
        || tensor.Name.Contains("embd", StringComparison.Ordinal)
        || tensor.Name.Contains("gate_inp", StringComparison.Ordinal);

    private static void Check(
        LanguageModel model,
        BoundAdapter? bound,
        GradientSet gradients,
        Dropout? dropout,
        Func<TrainedTensor, bool> isMoved,
        double step = StepLength,
        bool isMasked = false)
    {
        using DecoderBackward backward = new(model.Decoder, gradients);
        gradients.Clear();
        TrainedTensor[] moved = [.. gradients.Tensors.Where(isMoved)];
        _ = MeanLoss(model, bound, backward, dropout, isMasked, withGradients: true);
        for (ulong direction = 0; direction < DirectionCount; direction++)
        {
            double analytic = Move(moved, direction, 0);
            Move(moved, direction, step);
            double above = MeanLoss(model, bound, backward, dropout, isMasked, withGradients: false);
            Move(moved, direction, -2 * step);
            double below = MeanLoss(model, bound, backward, dropout, isMasked, withGradients: false);
            Move(moved, direction, step);
            double numeric = (above - below) / (2 * step);
            Assert.True(
                Math.Abs(numeric - analytic) <= RelativeTolerance * Math.Max(Math.Abs(numeric), 0.05),
                $"direction {direction}: analytic {analytic}, central difference {numeric}");
        }
    }

    // Moves all factors along a direction of length 1; gives the gradient's component along it.
    private static double Move(IEnumerable<TrainedTensor> tensors, ulong direction, double length)
    {
        double square = 0;
        double product = 0;
        foreach (bool isMoving in new[] { false, true })
        {
            ulong tensor = 0;
            foreach (TrainedTensor trained in tensors)
            {
                MoveTensor(trained.Gradient, trained.Values, tensor++, isMoving);
            }
        }

        return product / Math.Sqrt(square);

        void MoveTensor(Span<float> gradient, Span<float> values, ulong tensor, bool isMoving)
        {
            for (int i = 0; i < values.Length; i++)
            {
                double component = CounterRandom.Normal(direction, tensor, (ulong)i);
                if (isMoving)
                {
                    values[i] += (float)(length * component / Math.Sqrt(square));
                    continue;
                }

                square += component * component;
                product += component * gradient[i];
            }
        }
    }

    private static double MeanLoss(
        LanguageModel model,
        BoundAdapter? adapter,
        DecoderBackward backward,
        Dropout? dropout,
        bool isMasked,
        bool withGradients)
    {
        using KvCache cache = model.Decoder.CreateCache(128, 2, sharesPrefixes: false);
        Batch batch = new();
        int[] all = [.. Oracle.Tokens.Skip(1), 5, .. Oracle.Tokens.AsSpan(4, 9)];
        int[] rows = [.. Enumerable.Range(0, all.Length).Where(row => !isMasked || row % 7 is 3 or 4)];
        int[] first = [.. rows.Where(row => row < Oracle.Tokens.Length)];
        int[] second = [.. rows.Skip(first.Length).Select(row => row - Oracle.Tokens.Length)];
        batch.Add(cache.Open(adapter), Oracle.Tokens, first, dropout);
        batch.Add(cache.Open(adapter), Oracle.Tokens.AsSpan(3, 9), second, dropout);
        Assert.Equal(isMasked, batch.SkipsRows);
        int[] targets = [.. rows.Select(row => all[row])];
        float[] losses = new float[targets.Length];
        if (withGradients)
        {
            backward.LossesAndGradients(batch, targets, 1f / targets.Length, losses);
        }
        else
        {
            backward.Losses(batch, targets, losses);
        }

        return losses.Average(loss => (double)loss);
    }

    // Every linear layer that can be adapted, the output head too.
    private static LoraAdapter RandomAdapter(LanguageModel model, bool isDora = false)
    {
        Dictionary<string, LoraFactors> factors = [];
        AdaptableLinears linears = AdaptableLinears.Of(model);
        foreach (AdaptableLinear adaptable in linears.All)
        {
            Linear linear = adaptable.Linear;
            LoraFactors pair = new(4, linear.InputSize, linear.OutputSize, 2, isDora);
            if (pair.Magnitude is { } magnitude)
            {
                linears.RowNorms(adaptable).CopyTo(magnitude, 0);
            }

            Fill(pair.AValues, (ulong)(2 * linear.Number));
            Fill(pair.TransposedBValues, (ulong)((2 * linear.Number) + 1));
            factors.Add(linear.Name, pair);
        }

        return new LoraAdapter(factors, new LoraSettings(4, 8));

        static void Fill(Span<float> values, ulong tensor)
        {
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = (float)(0.05 * CounterRandom.Normal(99, tensor, (ulong)i));
            }
        }
    }
}
