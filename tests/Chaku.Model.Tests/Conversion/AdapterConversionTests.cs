using Chaku.Model.Adapters;
using Chaku.Model.Conversion;
using Chaku.Model.Files;
using Chaku.Model.Templates;
using Chaku.Model.Tests.Adapters;
using Chaku.Model.Tests.Decoding;
using Chaku.Tests;

namespace Chaku.Model.Tests.Conversion;

public sealed class AdapterConversionTests
{
    private const string Command = "chaku convert a -o b --model m";

    // Scales that are folded into B and rounded there move its products by float32's last places.
    private const float RoundedTolerance = 5e-5f;

    [Theory]
    [InlineData("llama-gqa")]
    [InlineData("bloom-4h")]
    [InlineData("gptneox-parallel")]
    public void From_the_same_folder_come_the_tensors_that_another_program_wrote_and_back_again_the_folders(string name)
    {
        string peft = Fixtures.Shared("oracle", "peft", name);
        using TemporaryFolder folder = new();
        foreach (string path in new[]
        {
            Fixtures.Shared("models", "tiny", name + ".gguf"), Fixtures.Shared("oracle", "hf", name),
        })
        {
            using LanguageModel model = LanguageModel.Load(path);
            string kind = Directory.Exists(path) ? "folder" : "file";
            string file = folder[$"of-{kind}.gguf"];
            string folderAgain = folder[$"of-{kind}"];
            Convert(peft, file, model);
            Convert(file, folderAgain, model);

            using GgufFile expected =
                GgufFile.Open(Fixtures.Shared("oracle", "gguf-adapter", $"{name}.lora-init.gguf"));
            using GgufFile written = GgufFile.Open(file);
            Assert.Equal(
                expected.Tensors.Select(tensor => $"{tensor}"), written.Tensors.Select(tensor => $"{tensor}"));
            Assert.All(expected.Tensors.Zip(written.Tensors), pair => Assert.Equal(
                expected.Bytes(pair.First, 0, (int)pair.First.ByteLength),
                written.Bytes(pair.Second, 0, (int)pair.Second.ByteLength)));
            using PeftFolder before = PeftFolder.Open(peft);
            using PeftFolder after = PeftFolder.Open(folderAgain);
            SameTensors(before, after);
            Assert.Equal(before.TargetModules.Order(), after.TargetModules.Order());
            Assert.Equal(before.Settings, after.Settings);
        }
    }

    [Theory]
    [InlineData("llama-gqa", 4, 8f, true)]
    [InlineData("llama-gqa", 3, 0.3f, true)]
    [InlineData("llama-mqa-tied", 7, 1e-3f, true)]
    [InlineData("llama3-ropefreqs", 5, 16f, false)]
    public void The_function_stays_whatever_the_scale_is(string name, int rank, float alpha, bool isRankStabilised)
    {
        using LanguageModel model = SampleAdapters.Model(name);
        using TemporaryFolder folder = new();
        LoraAdapter adapter =
            SampleAdapters.Random(model, 3, new LoraSettings(rank, alpha, isRankStabilised), Origin(model));
        PeftWriter.Write(folder["a"], adapter, AdaptableLinears.Of(model));

        ConvertedAdapter there = Convert(folder["a"], folder["b.gguf"], model);
        Convert(folder["b.gguf"], folder["c"], model);

        float[] expected = SampleAdapters.Logits(model, adapter);
        Assert.InRange(ModelRun.LargestDifference(expected, Logits(folder["b.gguf"])), 0, RoundedTolerance);
        Assert.InRange(ModelRun.LargestDifference(expected, Logits(folder["c"])), 0, RoundedTolerance);
        Assert.Equal(
            isRankStabilised,
            there.Notices.Any(notice => notice.StartsWith("rsLoRA's scale", StringComparison.Ordinal)));

        float[] Logits(string path) =>
            SampleAdapters.Logits(model, AdapterReader.Read(path, model, SampleAdapters.Hashes).Adapter);
    }

    [Theory]
    [InlineData(8, "1 of 2 matrices have a scale of their own", 0)]
    [InlineData(8, "B was multiplied with it, exactly", 0)]
    [InlineData(6, "exactly in 0, rounded to float32 in 1", RoundedTolerance)]
    public void Ranks_and_alphas_of_their_own_are_kept(float alpha, string notice, float tolerance)
    {
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();
        string patterns =
            $$"""
            "rank_pattern": {"1.self_attn.v_proj": 3}, "alpha_pattern": {"layers.1.self_attn.v_proj": {{alpha}}},
            """;
        string config = SampleAdapters.Config.Replace("\"r\"", patterns + "\"r\"", StringComparison.Ordinal);
        const string Module = "base_model.model.model.layers.1.self_attn.v_proj";
        string path = folder.WriteFolder(
            [
                .. SampleAdapters.Pair("model.layers.0.self_attn.v_proj", 64, 32, 0.1f, 0.3f),
                SampleAdapters.Tensor($"{Module}.lora_A.weight", 0.1f, 3, 64),
                SampleAdapters.Tensor($"{Module}.lora_B.weight", 0.7f, 32, 3),
            ],
            config);

        ConvertedAdapter there = Convert(path, folder["b.gguf"], model);
        ConvertedAdapter back = Convert(folder["b.gguf"], folder["c"], model);

        Assert.Contains(there.Notices, said => said.Contains(notice, StringComparison.Ordinal));
        float[] expected = Logits(path);
        Assert.InRange(ModelRun.LargestDifference(expected, Logits(folder["b.gguf"])), 0, tolerance);
        Assert.InRange(ModelRun.LargestDifference(expected, Logits(folder["c"])), 0, tolerance);
        Assert.DoesNotContain(back.Notices, said => said.Contains("B was multiplied", StringComparison.Ordinal));
        using PeftFolder written = PeftFolder.Open(folder["c"]);
        Assert.Equal([2, 3], written.Pairs.Select(pair => pair.Settings.Rank));

        float[] Logits(string at) =>
            SampleAdapters.Logits(model, AdapterReader.Read(at, model, SampleAdapters.Hashes).Adapter);
    }

    [Theory]
    [InlineData(
        "\"alpha_pattern\": {\"1.self_attn.v_proj\": 3e38},",
        "the scale of 'blk.1.attn_v.weight' cannot be kept")]
    [InlineData("\"use_rslora\": true, \"lora_alpha\": 3e38,", "rsLoRA's scale cannot be kept")]
    public void A_scale_that_float32_cannot_keep_is_refused_and_nothing_is_written(string settings, string reason)
    {
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();
        string config = SampleAdapters.Config.Replace("\"lora_alpha\": 4,", "", StringComparison.Ordinal)
            .Replace("\"r\"", settings + "\"r\"", StringComparison.Ordinal);
        string path = folder.WriteFolder(SampleAdapters.Values(b: 1e3f), config);

        string message = Assert.Throws<AdapterException>(() => Convert(path, folder["b.gguf"], model)).Message;

        Assert.Contains(reason, message, StringComparison.Ordinal);
        Assert.Equal([path], Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Magnitudes_of_DoRA_are_refused_by_name()
    {
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();
        LoraAdapter adapter =
            SampleAdapters.Random(model, 3, new LoraSettings(2, 4, IsWeightDecomposed: true), null, "v_proj");
        PeftWriter.Write(folder["a"], adapter, AdaptableLinears.Of(model));

        string message = Assert.Throws<AdapterException>(() => Convert(folder["a"], folder["b.gguf"], model)).Message;

        Assert.Contains("magnitudes of DoRA", message, StringComparison.Ordinal);
        Assert.False(File.Exists(folder["b.gguf"]));
    }

    [Fact]
    public void What_it_says_of_itself_goes_there_and_back()
    {
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();
        AdapterOrigin origin = Origin(model);
        LoraAdapter adapter = SampleAdapters.Random(model, 3, origin: origin);
        PeftWriter.Write(folder["a"], adapter, AdaptableLinears.Of(model));

        ConvertedAdapter there = Convert(folder["a"], folder["b.gguf"], model);
        Convert(folder["b.gguf"], folder["c"], model);

        foreach (string path in (string[])[folder["b.gguf"], folder["c"]])
        {
            using AdapterSource source = AdapterSource.Open(path);
            Assert.Equivalent(AdapterMetadata.Write(origin), AdapterMetadata.Write(source.Origin), strict: true);
            Assert.Equal(origin.BaseName, source.Origin.BaseName);
            Assert.Equal("apache-2.0, cc-by-4.0", source.License?.Name);
            Assert.Equal(Command, source.Metadata["chaku.made_with"]);
            Assert.Equal("tiny-llama", source.Metadata["chaku.made_from.0.name"]);
            Assert.Equal(origin.BaseSha256, source.Metadata["chaku.made_from.0.content_sha256"]);
            Assert.Equal(ContentHash.DigitCount, source.Metadata["chaku.made_from.1.content_sha256"].Length);
        }

        Assert.Equal("apache-2.0, cc-by-4.0", there.Origin.License?.Name);
        Assert.Contains(
            "license:\n- apache-2.0\n- cc-by-4.0\n", File.ReadAllText(Path.Combine(folder["c"], "README.md")),
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_conversion_gives_the_same_bytes()
    {
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();
        foreach (string name in (string[])["a", "b"])
        {
            Convert(SampleAdapters.GoldenFolder, folder[name + ".gguf"], model);
            Convert(folder[name + ".gguf"], folder[name], model);
        }

        Assert.Equal(File.ReadAllBytes(folder["a.gguf"]), File.ReadAllBytes(folder["b.gguf"]));
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(folder["a"], PeftFolder.ConfigName)),
            File.ReadAllBytes(Path.Combine(folder["b"], PeftFolder.ConfigName)));
    }

    [Fact]
    public void A_target_of_the_same_kind_is_refused()
    {
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();
        Assert.Contains(
            "in the format PEFT already",
            Assert.Throws<AdapterException>(
                () => Convert(SampleAdapters.GoldenFolder, folder["b"], model)).Message,
            StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    private static ConvertedAdapter Convert(string path, string target, LanguageModel model) =>
        AdapterConversion.Run(path, target, model, SampleAdapters.Hashes, Command);

    private static AdapterOrigin Origin(LanguageModel model) =>
        AdapterOrigin.On(
            model, ContentHash.Compute(model.Source.Content, null, TestContext.Current.CancellationToken)) with
        {
            BaseLicense = "apache-2.0",
            DataLicense = "cc-by-4.0",
            License = "commercial use allowed: attribution",
            Template = "alpaca",
            TemplateSha256 = TemplateFingerprint.Of(ChatTemplates.Find("alpaca"), model.Tokenizer.Vocabulary),
            StopIds = [2, 7],
            Seed = ulong.MaxValue,
            Tuning = new Dictionary<string, string> { ["lr"] = "1e-4" },
        };

    private static void SameTensors(PeftFolder expected, PeftFolder actual)
    {
        Assert.Equal(expected.Tensors.Select(tensor => $"{tensor}"), actual.Tensors.Select(tensor => $"{tensor}"));
        Assert.All(expected.Tensors, tensor => Assert.Equal(
            expected.Weights.Singles(tensor), actual.Weights.Singles(actual.Weights[tensor.Name])));
    }
}
