using Chaku.Tests;

namespace Chaku.Model.Tests.Decoding;

public sealed class GoldenLogitsTests
{
    private const float FloatTolerance = 2e-4f;

    // Rounding activations to 8 bits costs something; ours may cost a tenth more than llama.cpp's.
    private const double RoundingAllowance = 1.1;

    private const int ShortContext = 4096;

    // llama.cpp reads GELU from a table in half precision.
    private const float TableTolerance = 3e-3f;
    private const float FineTolerance = 5e-5f;

    // Attention over 22 positions with heads of up to 16 floats: PyTorch in float32 is as far from float64.
    private const float WideTolerance = 1e-4f;

    [Theory]
    [MemberData(nameof(LlamaCppFiles))]
    public void Prefill_and_decode_give_the_logits_of_llama_cpp(string path)
    {
        float[] expected = ModelRun.Read(Path.ChangeExtension(path, ".logits"));

        float[] actual = ModelRun.Logits(path, Options(path) with { ThreadCount = 2, Gelu = TanhWhereGelu(path) });

        AssertNear(expected, actual, HasGelu(path) ? TableTolerance : FloatTolerance);
    }

    [Theory]
    [MemberData(nameof(SharedFiles))]
    public void All_tiny_fixtures_give_their_logits(string name)
    {
        string path = Fixtures.Shared("models", "tiny", name + ".gguf");
        float[] expected = ModelRun.Read(Path.ChangeExtension(path, ".logits"));

        AssertNear(
            expected,
            ModelRun.Logits(path, new ModelOptions { ThreadCount = 2 }),
            HasGelu(path) ? TableTolerance : FloatTolerance);
    }

    [Theory]
    [MemberData(nameof(PyTorchFiles))]
    public void Files_give_the_logits_of_transformers(string name)
    {
        float[] expected = ModelRun.Read(TestModels.PathOf($"folders/{name}.logits"));
        string path = TestModels.PathOf($"families/{name}.gguf");

        AssertNear(expected, ModelRun.Logits(path, Options(path)), WideTolerance);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Folders_give_the_logits_of_transformers(string name)
    {
        float[] expected = ModelRun.Read(TestModels.PathOf($"folders/{name}.logits"));

        AssertNear(
            expected, ModelRun.Logits(TestModels.PathOf($"folders/{name}"), new ModelOptions()), WideTolerance);
    }

    [Theory]
    [InlineData("falcon-7b")]
    [InlineData("falcon-40b")]
    [InlineData("gptneox-sequential")]
    [InlineData("mpt")]
    [InlineData("mpt-6h-clip")]
    public void The_other_variant_of_Gelu_gives_the_logits_of_transformers_with_it(string name)
    {
        float[] expected = ModelRun.Read(TestModels.PathOf($"folders/{name}.tanh.logits"));
        ModelOptions options = new() { Gelu = "tanh" };

        AssertNear(expected, ModelRun.Logits(TestModels.PathOf($"folders/{name}"), options), WideTolerance);
        AssertNear(expected, ModelRun.Logits(TestModels.PathOf($"families/{name}.gguf"), options), WideTolerance);
    }

    [Theory]
    [InlineData("gptneox-parallel")]
    [InlineData("falcon-7b-style")]
    public void Tanh_Gelu_gives_the_logits_of_the_oracle(string name)
    {
        string golden = Fixtures.Shared("oracle", "hf", name + ".logits.safetensors");
        string path = Fixtures.Shared("models", "tiny", name + ".gguf");

        float[] actual = ModelRun.Logits(path, new ModelOptions { Gelu = "tanh" });

        AssertNear(ModelRun.ReadTensor(golden, "logits_gelu_tanh"), actual, FineTolerance);
    }

    [Theory]
    [InlineData("llama-gqa")]
    [InlineData("qwen2")]
    [InlineData("falcon-7b-style")]
    [InlineData("bloom-4h")]
    [InlineData("gptneox-parallel")]
    [InlineData("gpt2")]
    [InlineData("gptj")]
    [InlineData("phi3")]
    public void Folders_of_the_oracle_give_its_logits_and_those_of_their_Gguf_twins(string name)
    {
        string golden = Fixtures.Shared("oracle", "hf", name + ".logits.safetensors");
        string twin = Fixtures.Shared("models", "tiny", name + ".gguf");

        float[] actual = ModelRun.Logits(Fixtures.Shared("oracle", "hf", name), new ModelOptions());

        AssertNear(ModelRun.ReadTensor(golden, "logits"), actual, FineTolerance);
        if (name != "gptj")
        {
            AssertNear(ModelRun.Logits(twin, new ModelOptions()), actual, FineTolerance);
        }
    }

    [Theory]
    [InlineData("llama-gqa-sharded")]
    [InlineData("llama-gqa-bin")]
    public void Shards_and_pickles_are_the_same_model(string name) => Assert.Equal(
        ModelRun.Logits(Fixtures.Shared("oracle", "hf", "llama-gqa"), new ModelOptions()),
        ModelRun.Logits(Fixtures.Shared("oracle", "hf", name), new ModelOptions()));

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

    public static TheoryData<string> LlamaCppFiles() =>
        [.. TestModels.Files.Select(name => TestModels.PathOf(name + ".gguf"))];

    public static TheoryData<string> SharedFiles() => [.. TestModels.SharedFiles];

    public static TheoryData<string> PyTorchFiles() =>
    [
        .. from name in TestModels.Files
           where name.StartsWith("families/", StringComparison.Ordinal)
           select name["families/".Length..],
    ];

    public static TheoryData<string> Folders() => [.. TestModels.Folders];

    public static TheoryData<string> QuantisedFiles() =>
        [.. "Q4_0 Q4_1 Q5_0 Q8_0 Q2_K Q4_K_M Q5_K_M Q6_K".Split(' ')];

    // Which of the two sets of rotary factors is used depends on the context.
    private static ModelOptions Options(string path) =>
        new() { ContextLength = path.Contains("shortrope", StringComparison.Ordinal) ? ShortContext : null };

    private static bool HasGelu(string path)
    {
        using LanguageModel model = LanguageModel.Load(path);
        return model.Decoder.Config.FeedForward.Activation.Name.StartsWith("gelu", StringComparison.Ordinal);
    }

    // llama.cpp computes the tanh variant for every family.
    private static string? TanhWhereGelu(string path) => HasGelu(path) ? "tanh" : null;

    private static void AssertNear(float[] expected, float[] actual, float tolerance)
    {
        float difference = ModelRun.LargestDifference(expected, actual);
        TestContext.Current.TestOutputHelper!.WriteLine($"largest difference {difference:E2}, limit {tolerance:E1}");
        Assert.InRange(difference, 0, tolerance);
    }

    private static string QuantisedFile(string format)
    {
        string path = Fixtures.TestData("models", "quant", $"llama-gqa-{format}.gguf");
        return File.Exists(path) ? path : Fixtures.Shared("models", "quant", $"llama-gqa-{format}.gguf");
    }
}
