using Chaku.Model.Adapters;

namespace Chaku.Model.Tests.Adapters;

/// <summary>‖ΔW‖ against matrices that are formed whole, in float64.</summary>
public sealed class AdapterEffectTests
{
    private const double Tolerance = 1e-5;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Changes_are_those_of_the_whole_matrices(bool isDora)
    {
        using LanguageModel model = SampleAdapters.Model();
        AdaptableLinears linears = AdaptableLinears.Of(model);
        LoraAdapter adapter = SampleAdapters.Random(model, 5, new LoraSettings(3, 6, IsWeightDecomposed: isDora));
        foreach (float[] magnitude in adapter.Factors.Values.Select(factors => factors.Magnitude).OfType<float[]>())
        {
            magnitude[0] *= 1.5f;
        }

        AdapterEffect effect = AdapterEffect.Of(adapter, linears, TestContext.Current.CancellationToken);

        Assert.Equal(linears.All.Count - 1, effect.Modules.Count);
        foreach (ModuleEffect module in effect.Modules)
        {
            AdaptableLinear linear = linears.FindModule(module.Module)!;
            (double change, double weight) = Whole(linear, adapter.Factors[linear.Linear.Name]);
            Assert.Equal(change, module.Change, Tolerance * change);
            Assert.Equal(weight, module.Weight, Tolerance * weight);
            Assert.Equal(change / weight, module.Relative!.Value, 2 * Tolerance * change / weight);
        }

        Assert.Equal(
            Math.Sqrt(effect.Modules.Sum(module => module.Change * module.Change)), effect.Change, Tolerance);
        Assert.InRange(
            effect.Relative!.Value,
            effect.Modules.Min(module => module.Relative!.Value),
            effect.Modules.Max(module => module.Relative!.Value));
        Assert.False(effect.IsNothing);
    }

    [Fact]
    public void A_small_change_of_directions_and_magnitudes_is_measured_to_a_thousandth()
    {
        using LanguageModel model = SampleAdapters.Model();
        AdaptableLinears linears = AdaptableLinears.Of(model);
        LoraAdapter adapter = SampleAdapters.Random(model, 6, new LoraSettings(2, 0.01f, IsWeightDecomposed: true));
        foreach (LoraFactors factors in adapter.Factors.Values)
        {
            for (int row = 0; row < factors.OutputSize; row++)
            {
                factors.Magnitude![row] *= 1 + (1e-3f * (row % 3));
            }
        }

        Assert.All(AdapterEffect.Of(adapter, linears, TestContext.Current.CancellationToken).Modules, module =>
        {
            AdaptableLinear linear = linears.FindModule(module.Module)!;
            double change = Whole(linear, adapter.Factors[linear.Linear.Name]).Change;
            Assert.InRange(module.Relative!.Value, 1e-5, 1e-1);
            Assert.Equal(change, module.Change, 1e-3 * change);
        });
    }

    [Theory]
    [InlineData(1f, 0f, true)]
    [InlineData(0f, 1f, true)]
    [InlineData(1e-6f, 1e-6f, true)]
    [InlineData(1e-4f, 1e-3f, false)]
    [InlineData(1f, 1f, false)]
    public void What_float32_would_lose_is_nothing(float a, float b, bool isNothing)
    {
        using LanguageModel model = SampleAdapters.Model();
        AdaptableLinears linears = AdaptableLinears.Of(model);
        LoraAdapter adapter = LoraAdapter.Create(linears, ["v_proj"], new LoraSettings(2, 2), 0);
        foreach (LoraFactors factors in adapter.Factors.Values)
        {
            factors.AValues.Fill(a);
            factors.TransposedBValues.Fill(b);
        }

        Assert.Equal(isNothing, AdapterEffect.Of(adapter, linears, TestContext.Current.CancellationToken).IsNothing);
        Assert.Equal(!isNothing, AdapterEffect.IsFelt(adapter, linears, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Factors_whose_product_is_zero_change_nothing()
    {
        using LanguageModel model = SampleAdapters.Model();
        AdaptableLinears linears = AdaptableLinears.Of(model);
        LoraAdapter adapter = LoraAdapter.Create(linears, ["v_proj"], new LoraSettings(2, 2), 0);
        foreach (LoraFactors factors in adapter.Factors.Values)
        {
            factors.AValues[factors.InputSize..].Clear();
            factors.TransposedBValues[factors.OutputSize..].Fill(1);
        }

        Assert.False(AdapterEffect.IsFelt(adapter, linears, TestContext.Current.CancellationToken));
    }

    // ‖ΔW‖ and ‖W‖, with every number formed.
    private static (double Change, double Weight) Whole(AdaptableLinear linear, LoraFactors factors)
    {
        double change = 0;
        double weight = 0;
        float[] w = new float[factors.InputSize];
        for (int row = 0; row < factors.OutputSize; row++)
        {
            linear.Linear.Weight.Dequantise(row, 0, w);
            double[] v = new double[w.Length];
            for (int column = 0; column < w.Length; column++)
            {
                double sum = 0;
                for (int i = 0; i < factors.Rank; i++)
                {
                    sum += (double)factors.TransposedBValues[(i * factors.OutputSize) + row]
                        * factors.AValues[(i * factors.InputSize) + column];
                }

                v[column] = w[column] + (factors.Scale * sum);
            }

            double d = factors.Magnitude is { } magnitude ? magnitude[row] / Math.Sqrt(v.Sum(x => x * x)) : 1;
            change += w.Select((x, column) => Math.Pow((d * v[column]) - x, 2)).Sum();
            weight += w.Sum(x => (double)x * x);
        }

        return (Math.Sqrt(change), Math.Sqrt(weight));
    }
}
