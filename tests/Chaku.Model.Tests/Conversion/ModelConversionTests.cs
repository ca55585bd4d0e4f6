using System.Text.Json;
using System.Text.Json.Nodes;
using Chaku.Kernels.Formats;
using Chaku.Model.Conversion;
using Chaku.Model.Families;
using Chaku.Model.Files;
using Chaku.Model.Tests.Decoding;
using Chaku.Tests;

namespace Chaku.Model.Tests.Conversion;

/// <summary>Types, refusals, and what is left where a conversion does not end well.</summary>
public sealed class ModelConversionTests
{
    // PyTorch in float64 against our float32, as for every other folder.
    private const float FineTolerance = 5e-5f;

    // What is before the weights, about.
    private const int HeaderLength = 12_000;
    private const int MutationCount = 300;

    private static string Tiny => TestModels.PathOf("tiny/llama-gqa.gguf");

    [Fact]
    public void A_GPT_J_file_gives_the_logits_of_PyTorch()
    {
        using TemporaryFolder folder = new();

        Converted.Run(TestModels.PathOf("folders/gptj"), folder["gptj.gguf"]);

        AssertLogits(ModelRun.Read(TestModels.PathOf("folders/gptj.logits")), folder["gptj.gguf"]);
    }

    [Fact]
    public void The_shared_GPT_J_file_gives_the_logits_of_PyTorch()
    {
        using TemporaryFolder folder = new();
        string source = Fixtures.Shared("oracle", "hf", "gptj");

        Converted.Run(source, folder["gptj.gguf"]);

        AssertLogits(ModelRun.ReadTensor(source + ".logits.safetensors", "logits"), folder["gptj.gguf"]);
    }

    [Theory]
    [InlineData("falcon-rw", "positions")]
    [InlineData("falcon-rw-12h", "positions")]
    [InlineData("gemma2-27b", "scale of the scores")]
    public void What_GGUF_has_no_words_for_is_refused(string name, string fact)
    {
        using TemporaryFolder folder = new();

        ModelFormatException exception = Assert.Throws<ModelFormatException>(
            () => Converted.Run(TestModels.PathOf("folders/" + name), folder["made.gguf"]));

        Assert.Contains($"{fact} that a GGUF file has words for", exception.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    /// <summary>What is not said is 50 and 30 to <c>Gemma2Config</c> and to llama.cpp.</summary>
    [Fact]
    public void Caps_that_are_not_named_are_the_usual_ones_and_none_has_no_words_in_GGUF()
    {
        using TemporaryFolder folder = new();
        Copy(folder, "gemma2", config =>
        {
            config.Remove("attn_logit_softcapping");
            config.Remove("final_logit_softcapping");
        });
        using (ModelSource source = ModelSource.Open(folder.Path))
        {
            Assert.Equal(50, source.ReadConfig().Attention.SoftCap);
            Assert.Equal(30, source.ReadConfig().Head.SoftCap);
        }

        Converted.Run(folder.Path, folder["made.gguf"]);
        using (GgufFile file = GgufFile.Open(folder["made.gguf"]))
        {
            Assert.Equal(50, file.Metadata["gemma2.attn_logit_softcapping"].AsSingle());
            Assert.Equal(30, file.Metadata["gemma2.final_logit_softcapping"].AsSingle());
        }

        JsonObject config = JsonNode.Parse(File.ReadAllText(folder["config.json"]))!.AsObject();
        config["attn_logit_softcapping"] = null;
        folder.Write("config.json", config.ToJsonString());
        using (ModelSource source = ModelSource.Open(folder.Path))
        {
            Assert.Equal(0, source.ReadConfig().Attention.SoftCap);
        }

        ModelFormatException refusal =
            Assert.Throws<ModelFormatException>(() => Converted.Run(folder.Path, folder["none.gguf"]));
        Assert.Contains("cap of the scores", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("F32", 0)]
    [InlineData("F16", 1)]
    [InlineData("BF16", 32)]
    public void Matrices_are_written_as_the_type_that_is_asked_for(string type, long fileType)
    {
        using TemporaryFolder folder = new();
        TensorFormat format = TensorFormats.FromName(type)!;

        Converted.Run(TestModels.PathOf("folders/mixtral"), folder["made.gguf"], with => with with { Type = format });
        Converted.Run(folder["made.gguf"], folder["back"]);

        using GgufFile file = GgufFile.Open(folder["made.gguf"]);
        Assert.Equal(fileType, file.Metadata["general.file_type"].AsInt64());
        Assert.All(file.Tensors, tensor => Assert.Equal(
            tensor.Dimensions.Count == 1 || tensor.Name.Contains("gate_inp", StringComparison.Ordinal) ? "F32" : type,
            tensor.Format.Name));
        AssertRounded(TestModels.PathOf("folders/mixtral"), folder["back"], format);
    }

    [Fact]
    public void Quantised_weights_become_half_precision_and_that_is_said()
    {
        using TemporaryFolder folder = new();
        string source = TestModels.PathOf("quant/llama-gqa-Q4_K_M.gguf");

        ConversionResult result = Converted.Run(source, folder["made"]);
        ConversionResult exact =
            Converted.Run(source, folder["exact"], with => with with { Type = TensorFormats.F32 });

        Assert.Contains(result.Remarks, remark => remark.Contains("Q4_K became F16", StringComparison.Ordinal));
        Assert.Contains(exact.Remarks, remark => remark.Contains("Q4_K became F32", StringComparison.Ordinal));
        float[] expected = ModelRun.Read(TestModels.PathOf("quant/llama-gqa-Q4_K_M.exact"));
        Assert.InRange(
            ModelRun.LargestDifference(expected, ModelRun.Logits(folder["exact"], new ModelOptions())), 0, 2e-4f);
    }

    [Fact]
    public void A_weight_beyond_half_precision_is_refused_by_name()
    {
        using TemporaryFolder folder = new();
        using TemporaryFolder made = new();
        Copy(folder, "llama-linear", _ => { });
        byte[] bytes = File.ReadAllBytes(folder["model.safetensors"]);
        using (TensorFolder tensors = TensorFolder.Open(folder.Path))
        {
            BitConverter.GetBytes(70000f).CopyTo(bytes, tensors.Find("lm_head.weight")!.Offset);
        }

        File.WriteAllBytes(folder["model.safetensors"], bytes);

        InvalidDataException exception = Assert.Throws<InvalidDataException>(() => Converted.Run(
            folder.Path, made["made.gguf"], with => with with { Type = TensorFormats.FromName("F16") }));

        Assert.Contains("70000", exception.Message, StringComparison.Ordinal);
        Assert.Contains("--type bf16", exception.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(made.Path));
        Assert.Equal(2, Directory.GetFileSystemEntries(folder.Path).Length);
    }

    [Fact]
    public void Weights_beyond_a_files_size_go_to_several_and_come_back()
    {
        using TemporaryFolder folder = new();

        Converted.Run(Tiny, folder["made"], with => with with { ShardByteLength = 100_000 });
        Converted.Run(folder["made"], folder["back.gguf"]);

        string[] shards = Directory.GetFiles(folder["made"], "model-*.safetensors");
        Assert.InRange(shards.Length, 3, 10);
        Assert.EndsWith($"-of-{shards.Length:00000}.safetensors", shards[0], StringComparison.Ordinal);
        using JsonDocument index =
            JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder["made"], "model.safetensors.index.json")));
        Assert.Equal(21, index.RootElement.GetProperty("weight_map").GetPropertyCount());
        Converted.AssertSameTensors(Tiny, folder["back.gguf"]);
    }

    [Fact]
    public void Whoever_stops_it_finds_nothing_of_the_target()
    {
        using TemporaryFolder folder = new();
        foreach (string source in (string[])[Tiny, TestModels.PathOf("folders/llama3")])
        {
            using CancellationTokenSource stop = new();
            Assert.ThrowsAny<OperationCanceledException>(() => Converted.Run(
                source,
                folder["made"],
                with => with with
                {
                    Cancellation = stop.Token,
                    Progress = (state, done, all) =>
                    {
                        Assert.InRange(done, 1, all);
                        if (state.StartsWith("writing", StringComparison.Ordinal) && done > all / 2)
                        {
                            stop.Cancel();
                        }
                    },
                }));
            Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
        }
    }

    [Fact]
    public void Progress_ends_at_all_bytes()
    {
        using TemporaryFolder folder = new();
        Dictionary<string, (long Done, long All)> last = [];

        ConversionResult result = Converted.Run(
            TestModels.PathOf("folders/gpt2"),
            folder["made.gguf"],
            with => with with { Progress = (state, done, all) => last[state] = (done, all) });

        Assert.Equal(2, last.Count);
        Assert.All(last.Values, value => Assert.Equal(value.All, value.Done));
        Assert.Equal(result.ByteLength, last["writing tensors"].All);
    }

    [Fact]
    public void What_is_there_is_written_over_only_where_that_is_asked_for()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["made"]);
        foreach (string name in (string[])["tokenizer.json", "model.safetensors.index.json", "mine.txt"])
        {
            File.WriteAllText(Path.Combine(folder["made"], name), "{}");
        }

        IOException exception = Assert.Throws<IOException>(() => Converted.Run(Tiny, folder["made"]));
        Converted.Run(Tiny, folder["made"], with => with with { Replaces = true });
        Converted.Run(folder["made"], folder["back.gguf"]);
        Assert.Throws<IOException>(() => Converted.Run(folder["made"], folder["back.gguf"]));
        Converted.Run(folder["made"], folder["back.gguf"], with => with with { Replaces = true });

        Assert.Contains("--force", exception.Message, StringComparison.Ordinal);
        Assert.Equal(
            [
                "README.md", "config.json", "generation_config.json", "mine.txt", "model.safetensors",
                "tokenizer.json", "tokenizer.model", "tokenizer_config.json",
            ],
            Directory.GetFiles(folder["made"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Converted.AssertSameTensors(Tiny, folder["back.gguf"]);
    }

    [Fact]
    public void A_target_that_cannot_be_is_refused_before_anything_is_read()
    {
        Assert.Throws<IOException>(() => Converted.Run(Tiny, Tiny, with => with with { Replaces = true }));
        Assert.Throws<DirectoryNotFoundException>(() => Converted.Run(
            TestModels.PathOf("folders/llama3"), Path.Combine(Path.GetTempPath(), "chaku-nowhere", "made.gguf")));
        Assert.Throws<DirectoryNotFoundException>(
            () => Converted.Run(Tiny, Path.Combine(Path.GetTempPath(), "chaku-nowhere", "made")));
        Assert.False(Directory.Exists(Path.Combine(Path.GetTempPath(), "chaku-nowhere")));
        Assert.Contains(
            "no name", Assert.Throws<IOException>(() => Converted.Run(Tiny, "")).Message, StringComparison.Ordinal);
        Assert.Throws<IOException>(() => Converted.Run(
            TestModels.PathOf("folders/llama3"), Path.GetTempPath(), with => with with { Replaces = true }));
    }

    [Theory]
    [InlineData("rope_scaling", """{"type": "yarn", "factor": 4}""")]
    [InlineData("hidden_size", "48")]
    [InlineData("num_hidden_layers", "3")]
    [InlineData("hidden_act", "\"gelu\"")]
    [InlineData("some_new_computation", "7")]
    public void A_folder_that_is_not_understood_is_refused_and_leaves_nothing(string key, string value)
    {
        using TemporaryFolder folder = new();
        using TemporaryFolder made = new();
        Copy(folder, "llama-linear", config => config[key] = JsonNode.Parse(value));

        Assert.Throws<ModelFormatException>(() => Converted.Run(folder.Path, made["made.gguf"]));

        Assert.Equal(2, Directory.GetFileSystemEntries(folder.Path).Length);
        Assert.Empty(Directory.GetFileSystemEntries(made.Path));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(12_000)]
    [InlineData(400_000)]
    public void A_file_that_is_cut_is_refused_and_leaves_nothing(int length)
    {
        using TemporaryFolder folder = new();
        string cut = folder.Write("cut.gguf", File.ReadAllBytes(Tiny)[..length]);

        Assert.Throws<ModelFormatException>(() => Converted.Run(cut, folder["made"]));

        Assert.Equal([cut], Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Frequencies_without_words_in_a_config_are_refused()
    {
        using TemporaryFolder folder = new();
        byte[] bytes = File.ReadAllBytes(TestModels.PathOf("families/llama3.gguf"));
        using (GgufFile file = GgufFile.Open(TestModels.PathOf("families/llama3.gguf")))
        {
            BitConverter.GetBytes(1.5f).CopyTo(bytes, file["rope_freqs.weight"].Offset);
        }

        InvalidDataException exception = Assert.Throws<InvalidDataException>(
            () => Converted.Run(folder.Write("odd.gguf", bytes), folder["made"]));

        Assert.Contains("rope_freqs.weight", exception.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["made"]));
    }

    [Fact]
    public void A_file_with_wrong_bytes_is_converted_or_refused_and_leaves_nothing_behind()
    {
        byte[] bytes = File.ReadAllBytes(Tiny);
        for (int seed = 0; seed < MutationCount; seed++)
        {
            Random random = new(seed);
            byte[] wrong = [.. bytes];
            for (int change = random.Next(1, 4); change > 0; change--)
            {
                wrong[random.Next(HeaderLength)] = (byte)random.Next(256);
            }

            using TemporaryFolder folder = new();
            string file = folder.Write("wrong.gguf", wrong);
            if (Record.Exception(() => Converted.Run(file, folder["made"])) is { } refusal)
            {
                Assert.True(
                    refusal is ModelFormatException or InvalidDataException, $"seed {seed}: {refusal}");
                Assert.Equal([file], Directory.GetFileSystemEntries(folder.Path));
            }
        }
    }

    private static void AssertLogits(float[] expected, string path) => Assert.InRange(
        ModelRun.LargestDifference(expected, ModelRun.Logits(path, new ModelOptions())), 0, FineTolerance);

    private static void AssertRounded(string source, string made, TensorFormat format)
    {
        using TensorFolder expected = TensorFolder.Open(source);
        using TensorFolder actual = TensorFolder.Open(made);
        foreach (FileTensor tensor in actual.Tensors.Where(tensor => tensor.DataType == format.Name))
        {
            float[] weights = expected.Singles(tensor.Name);
            byte[] rounded = new byte[format.ByteLength(weights.Length)];
            FloatConversion.Round(weights, format, rounded);
            Assert.Equal(rounded, actual.Bytes(tensor.Name, 0, rounded.Length));
        }
    }

    private static void Copy(TemporaryFolder folder, string name, Action<JsonObject> change)
    {
        string source = TestModels.PathOf("folders/" + name);
        File.Copy(Path.Combine(source, "model.safetensors"), folder["model.safetensors"]);
        JsonObject config = JsonNode.Parse(File.ReadAllText(Path.Combine(source, "config.json")))!.AsObject();
        change(config);
        File.WriteAllText(folder["config.json"], config.ToJsonString());
    }
}
