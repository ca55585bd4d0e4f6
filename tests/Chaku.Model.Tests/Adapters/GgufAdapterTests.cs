using Chaku.Kernels.Ops;
using Chaku.Model.Adapters;
using Chaku.Model.Tests.Decoding;
using Chaku.Tests;

namespace Chaku.Model.Tests.Adapters;

/// <summary>
/// Adapters that another program wrote as GGUF files, on the models that it wrote them for, in both kinds of files.
/// </summary>
public sealed class GgufAdapterTests
{
    // PyTorch in float32 is within 1.5e-5 of these figures, which it made in float64.
    private const float LogitTolerance = 5e-5f;

    // Likewise, within 1.9e-6.
    private const double LossTolerance = 1e-5;

    // The first token whose likelihood counts in the golden losses.
    private const int FirstTarget = 8;

    public static TheoryData<string, string?> Models => new()
    {
        { "llama-gqa", null },
        { "llama-mqa-tied", null },
        { "llama3-ropefreqs", null },
        { "qwen2", null },
        { "falcon-7b-style", "tanh" },
        { "bloom-4h", "tanh" },
        { "gptneox-parallel", "tanh" },
        { "gpt2", "tanh" },
        { "mixtral-moe", null },
        { "phi3", null },
    };

    [Theory]
    [MemberData(nameof(Models))]
    public void An_adapter_gives_the_golden_logits_and_losses(string name, string? gelu)
    {
        using LanguageModel model = Load(ModelFile(name), gelu);
        string golden = Clone("oracle", $"{name}.lora.safetensors");

        float[] before = SampleAdapters.Logits(model, Read(Clone("oracle", "gguf-adapter", $"{name}.lora-init.gguf")));
        float[] after = SampleAdapters.Logits(
            model, Read(Clone("oracle", "gguf-adapter", $"{name}.lora-after10.gguf")));

        float[] losses = ModelRun.ReadTensor(golden, "losses");
        Assert.InRange(
            ModelRun.LargestDifference(ModelRun.ReadTensor(golden, "logits"), before), 0, LogitTolerance);
        Assert.Equal(losses[0], Loss(before), LossTolerance);
        Assert.Equal(losses[^1], Loss(after), LossTolerance);

        LoraAdapter Read(string path) => AdapterReader.Read(path, model, SampleAdapters.Hashes).Adapter;
    }

    [Theory]
    [InlineData("llama-gqa", null)]
    [InlineData("qwen2", null)]
    [InlineData("falcon-7b-style", "tanh")]
    [InlineData("bloom-4h", "tanh")]
    [InlineData("gptneox-parallel", "tanh")]
    [InlineData("gpt2", "tanh")]
    [InlineData("phi3", null)]
    public void It_gives_them_on_a_folder_whose_rows_lie_otherwise(string name, string? gelu)
    {
        using LanguageModel model = Load(Fixtures.Shared("oracle", "hf", name), gelu);
        string path = Fixtures.Shared("oracle", "gguf-adapter", $"{name}.lora-init.gguf");

        float[] logits = SampleAdapters.Logits(
            model, AdapterReader.Read(path, model, SampleAdapters.Hashes).Adapter);

        float[] expected = ModelRun.ReadTensor(Clone("oracle", $"{name}.lora.safetensors"), "logits");
        Assert.InRange(ModelRun.LargestDifference(expected, logits), 0, LogitTolerance);
    }

    [Fact]
    public void It_says_what_it_holds()
    {
        using AdapterSource source = AdapterSource.Open(
            Fixtures.TestData("oracle", "gguf-adapter", "llama-gqa.lora-init.gguf"));

        Assert.Equal("GGUF", source.Container.Name);
        Assert.Equal(new LoraSettings(4, 8), source.Settings);
        Assert.Equal(14, source.Pairs.Count);
        Assert.Equal("blk.0.attn_q.weight", source.Pairs[0].Module);
        Assert.Equal((64, 32), (source.Pairs[1].InputSize, source.Pairs[1].OutputSize));
        Assert.Contains("ffn_down", source.TargetModules);
        Assert.Equal("tiny LoRA golden llama-gqa", source.Metadata["general.name"]);
        Assert.Empty(source.Unsupported);
        Assert.False(source.Origin.IsOurs);
    }

    private static LanguageModel Load(string path, string? gelu) =>
        LanguageModel.Load(path, new ModelOptions { Gelu = gelu, ThreadCount = 2 });

    private static string ModelFile(string name) => Clone("models", "tiny", name + ".gguf");

    // The clone's where it has it.
    private static string Clone(params string[] parts) =>
        File.Exists(Fixtures.TestData(parts)) ? Fixtures.TestData(parts) : Fixtures.Shared(parts);

    private static double Loss(float[] logits)
    {
        int[] tokens = SampleAdapters.Tokens;
        int width = logits.Length / tokens.Length;
        double sum = 0;
        for (int target = FirstTarget; target < tokens.Length; target++)
        {
            ReadOnlySpan<float> row = logits.AsSpan((target - 1) * width, width);
            sum += CrossEntropy.LogSumExp(row) - row[tokens[target]];
        }

        return sum / (tokens.Length - FirstTarget);
    }
}
