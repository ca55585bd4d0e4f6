using Chaku.Tests;

namespace Chaku.Model.Tests.Decoding;

public sealed class GoldenLogitsTests
{
    private const float FloatTolerance = 2e-4f;

    // Rounding activations to 8 bits costs something; ours may cost a tenth more than llama.cpp's.
    private const double RoundingAllowance = 1.1;

    [Theory]
    [InlineData("llama-gqa")]
    [InlineData("llama-mqa-tied")]
    [InlineData("llama3-ropefreqs")]
    public void Prefill_and_decode_give_the_golden_logits(string name)
    {
        string path = Fixtures.TestData("models", "tiny", name + ".gguf");
        float[] expected = ModelRun.Read(Path.ChangeExtension(path, ".logits"));

        float[] actual = ModelRun.Logits(path, new ModelOptions { ThreadCount = 2 });

        Assert.InRange(ModelRun.LargestDifference(expected, actual), 0, FloatTolerance);
    }

    [Theory]
    [InlineData("F32")]
    [InlineData("F16")]
    public void Float_weights_are_multiplied_exactly(string format)
    {
        string path = Fixtures.Shared("models", "quant", $"llama-gqa-{format}.gguf");
        float[] expected = ModelRun.Read(Path.ChangeExtension(path, ".exact"));

        Assert.InRange(
            ModelRun.LargestDifference(expected, ModelRun.Logits(path, new ModelOptions())), 0, FloatTolerance);
    }

    [Theory]
    [MemberData(nameof(QuantisedFiles))]
    public void Exact_activations_give_the_exact_logits(string format)
    {
        string path = QuantisedFile(format);
        float[] expected = ModelRun.Read(Path.ChangeExtension(path, ".exact"));

        float[] actual = ModelRun.Logits(path, new ModelOptions { IsExact = true });

        Assert.InRange(ModelRun.LargestDifference(expected, actual), 0, FloatTolerance);
    }

    [Theory]
    [MemberData(nameof(QuantisedFiles))]
    public void Rounded_activations_cost_no_more_than_in_llama_cpp(string format)
    {
        string path = QuantisedFile(format);
        float[] exact = ModelRun.Read(Path.ChangeExtension(path, ".exact"));
        double theirs = ModelRun.RmsDifference(exact, ModelRun.Read(Path.ChangeExtension(path, ".logits")));

        double ours = ModelRun.RmsDifference(exact, ModelRun.Logits(path, new ModelOptions()));

        TestContext.Current.TestOutputHelper!.WriteLine($"{format}: ours {ours:F4}, llama.cpp's {theirs:F4}");
        Assert.InRange(ours, 0, RoundingAllowance * theirs);
    }

    public static TheoryData<string> QuantisedFiles() =>
        [.. "Q4_0 Q4_1 Q5_0 Q8_0 Q2_K Q4_K_M Q5_K_M Q6_K".Split(' ')];

    private static string QuantisedFile(string format)
    {
        string path = Fixtures.TestData("models", "quant", $"llama-gqa-{format}.gguf");
        return File.Exists(path) ? path : Fixtures.Shared("models", "quant", $"llama-gqa-{format}.gguf");
    }
}
