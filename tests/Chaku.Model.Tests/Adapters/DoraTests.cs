using Chaku.Model.Adapters;
using Chaku.Model.Decoding;
using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Model.Tests.Adapters;

public sealed class DoraTests
{
    private const string Module = "model.layers.0.self_attn.v_proj";
    private static readonly LoraSettings Settings = new(3, 6, IsWeightDecomposed: true);

    private static string Config => SampleAdapters.Config
        .Replace("\"r\"", "\"use_dora\": true, \"r\"", StringComparison.Ordinal)
        .Replace("\"v_proj\"", "\"0.self_attn.v_proj\"", StringComparison.Ordinal);

    [Fact]
    public void A_new_adapter_changes_nothing_to_the_last_bit()
    {
        using LanguageModel model = SampleAdapters.Model();
        LoraAdapter adapter =
            LoraAdapter.Create(AdaptableLinears.Of(model), [AdaptableLinears.AllLinear], Settings, seed: 1);

        Assert.Equal(SampleAdapters.Logits(model, null), SampleAdapters.Logits(model, adapter));
    }

    [Fact]
    public void Rows_of_the_changed_matrix_have_the_magnitudes()
    {
        using LanguageModel model = SampleAdapters.Model();
        LoraAdapter adapter = SampleAdapters.Random(model, 4, Settings);
        Linear linear = model.Decoder.Layers[0].FeedForward.Linears.Last();
        LoraFactors factors = adapter.Factors[linear.Name];
        DoraScale scale = model.Bind(adapter).ScaleOf(linear, model.Decoder.Workspace.Pool)!;
        float[] row = new float[linear.InputSize];
        for (int i = 0; i < linear.OutputSize; i++)
        {
            linear.Weight.Dequantise(i, 0, row);
            double square = 0;
            for (int k = 0; k < row.Length; k++)
            {
                double sum = row[k];
                for (int r = 0; r < factors.Rank; r++)
                {
                    sum += factors.Scale * factors.TransposedBValues[(r * linear.OutputSize) + i]
                        * factors.AValues[(r * linear.InputSize) + k];
                }

                square += Math.Pow(scale.Factors[i] * sum, 2);
            }

            Assert.Equal(factors.Magnitude![i], Math.Sqrt(square), 1e-5 * factors.Magnitude[i]);
        }
    }

    [Fact]
    public void Factors_are_the_same_bits_for_any_number_of_threads()
    {
        float[][] found = new float[2][];
        for (int i = 0; i < 2; i++)
        {
            using LanguageModel model = LanguageModel.Load(
                Chaku.Tests.Fixtures.TestData("models", "quant", "llama-gqa-Q4_K_M.gguf"),
                new ModelOptions { ThreadCount = (2 * i) + 1 });
            found[i] = SampleAdapters.Logits(model, SampleAdapters.Random(model, 4, Settings));
        }

        Assert.Equal(found[0], found[1]);
    }

    [Theory]
    [InlineData(".lora_magnitude_vector")]
    [InlineData(".lora_magnitude_vector.weight")]
    [InlineData(".lora_magnitude_vector.default")]
    [InlineData(".lora_magnitude_vector.default.weight")]
    public void Magnitudes_are_read_under_every_name_that_PEFT_gave_them(string suffix)
    {
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();

        LoraAdapter adapter = AdapterReader.Read(
            folder.WriteFolder(
                [
                    .. SampleAdapters.Pair(Module, 64, 32),
                    SampleAdapters.Tensor("base_model.model." + Module + suffix, 3, 32),
                ],
                Config),
            model,
            SampleAdapters.Hashes).Adapter;

        Assert.All(adapter.Factors["blk.0.attn_v.weight"].Magnitude!, value => Assert.Equal(3, value));
        Assert.NotEqual(SampleAdapters.Logits(model, null), SampleAdapters.Logits(model, adapter));
    }

    [Fact]
    public void They_are_written_under_the_name_of_today()
    {
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();
        PeftWriter.Write(folder["a"], SampleAdapters.Random(model, 4, Settings), AdaptableLinears.Of(model));

        using TensorFile file = TensorFile.Open(Path.Combine(folder["a"], PeftFolder.WeightsName));

        Assert.Equal([32], file.Find($"base_model.model.{Module}.lora_magnitude_vector")!.Shape);
    }

    [Fact]
    public void Missing_ones_wrong_shapes_and_what_is_no_number_are_refused()
    {
        Refuse([], "magnitudes beside it");
        Refuse([Magnitude(1, 31)], "a shape of [32]");
        Refuse([Magnitude(1, 32, 1)], "a shape of [32]");
        Refuse([Magnitude(float.NaN, 32)], "found NaN");

        static TensorSource Magnitude(float value, params long[] shape) =>
            SampleAdapters.Tensor($"base_model.model.{Module}.lora_magnitude_vector", value, shape);
    }

    private static void Refuse(TensorSource[] magnitudes, string reason)
    {
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();
        string path = folder.WriteFolder([.. SampleAdapters.Pair(Module, 64, 32), .. magnitudes], Config);
        string message =
            Assert.Throws<AdapterException>(() => AdapterReader.Read(path, model, SampleAdapters.Hashes)).Message;
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }
}
