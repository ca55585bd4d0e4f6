using Chaku.Model.Decoding;
using Chaku.Model.Scoring;
using Chaku.Model.Tests.Adapters;

namespace Chaku.Model.Tests.Scoring;

/// <summary>The figures are what their definitions say, whatever the pieces that the text is read in.</summary>
public sealed class DivergenceTests
{
    private const double Tolerance = 1e-9;

    private static readonly int[][] Windows =
        [[1, 300, 17, 259, 301, 33, 72, 105, 9, 80, 41, 7, 8, 300, 301, 302, 17, 17, 33, 5, 6], [1, 2], [4]];

    [Theory]
    [InlineData(512, 512)]
    [InlineData(7, 5)]
    public void It_is_the_mean_of_the_definition_over_all_positions(int chunk, int otherChunk)
    {
        using LanguageModel model = SampleAdapters.Model();
        BoundAdapter bound = model.Bind(SampleAdapters.Random(model, 3));
        using LanguageModel reference = Load(chunk);
        using LanguageModel changed = Load(otherChunk);

        DivergenceScore score = Divergence.Measure(
            reference, reference.Bind(SampleAdapters.Random(reference, 3)), changed, Windows,
            cancellation: TestContext.Current.CancellationToken);

        double[] kls = [.. Windows.Where(window => window.Length > 1).SelectMany(window => Kls(model, bound, window))];
        Assert.Equal(kls.Length, score.TokenCount);
        Assert.Equal(kls.Average(), score.MeanKl, Tolerance);
        Assert.Equal(kls.Max(), score.LargestKl, Tolerance);
        Assert.InRange(kls.Max(), 0.1, 10);

        LanguageModel Load(int length) =>
            LanguageModel.Load(model.Path, new ModelOptions { ThreadCount = 1, ChunkLength = length });
    }

    [Fact]
    public void A_model_is_compared_with_itself_and_its_adapter()
    {
        using LanguageModel model = SampleAdapters.Model();
        BoundAdapter bound = model.Bind(SampleAdapters.Random(model, 3));

        DivergenceScore score = Divergence.Measure(
            model, bound, model, Windows, cancellation: TestContext.Current.CancellationToken);

        Assert.Equal(
            Windows.Where(window => window.Length > 1).SelectMany(window => Kls(model, bound, window)).Average(),
            score.MeanKl,
            Tolerance);
    }

    // Σ p (log p − log q), in float64, of logits that are all there at once.
    private static IEnumerable<double> Kls(LanguageModel model, BoundAdapter bound, int[] window)
    {
        double[][] reference = LogProbabilities(model, bound, window);
        double[][] changed = LogProbabilities(model, null, window);
        return Enumerable.Range(0, window.Length - 1).Select(row =>
            reference[row].Zip(changed[row]).Sum(pair => Math.Exp(pair.First) * (pair.First - pair.Second)));
    }

    private static double[][] LogProbabilities(LanguageModel model, BoundAdapter? adapter, int[] window)
    {
        List<double[]> rows = [];
        AllLogits.Compute(model, window, adapter, logits =>
        {
            double[] row = [.. logits.ToArray().Select(logit => (double)logit)];
            double sum = Math.Log(row.Sum(logit => Math.Exp(logit - row.Max()))) + row.Max();
            rows.Add([.. row.Select(logit => logit - sum)]);
        });
        return [.. rows];
    }
}
