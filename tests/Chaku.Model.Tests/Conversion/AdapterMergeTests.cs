using Chaku.Kernels.Formats;
using Chaku.Model.Adapters;
using Chaku.Model.Conversion;
using Chaku.Model.Decoding;
using Chaku.Model.Files;
using Chaku.Model.Generation;
using Chaku.Model.Licenses;
using Chaku.Model.Scoring;
using Chaku.Model.Tests.Adapters;
using Chaku.Model.Tests.Decoding;
using Chaku.Model.Tokenizers;
using Chaku.Tests;

namespace Chaku.Model.Tests.Conversion;

public sealed class AdapterMergeTests
{
    // PyTorch in float32 is within 3.3e-6 of these figures, which it made in float64.
    private const float GoldenTolerance = 5e-5f;

    // x · (W + s · B · A)ᵀ and x · Wᵀ + s · (x · Aᵀ) · Bᵀ are two orders of the same sums, through every layer.
    private const float MergedTolerance = 5e-4f;

    public static TheoryData<string> Files => [.. TestModels.Files.Select(name => name + ".gguf")];

    [Theory]
    [InlineData("llama-gqa", "llama-gqa.lora")]
    [InlineData("llama-mqa-tied", "llama-mqa-tied.lora")]
    [InlineData("llama3-ropefreqs", "llama3-ropefreqs.lora")]
    public void A_merged_model_gives_the_golden_logits_of_the_adapted_one(string name, string golden)
    {
        using TemporaryFolder folder = new();
        using LanguageModel model = SampleAdapters.Model(name);
        string adapter = Fixtures.TestData("oracle", "gguf-adapter", $"{name}.lora-init.gguf");
        LoraAdapter read = AdapterReader.Read(adapter, model, SampleAdapters.Hashes).Adapter;

        using LanguageModel merged = Merge(folder, model, read);

        float[] expected = ModelRun.ReadTensor(Fixtures.TestData("oracle", golden + ".safetensors"), "logits");
        Assert.InRange(
            ModelRun.LargestDifference(expected, SampleAdapters.Logits(merged, null)), 0, GoldenTolerance);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Of_every_family_a_merged_model_is_the_adapted_one(string name)
    {
        using TemporaryFolder folder = new();
        using LanguageModel model = LanguageModel.Load(TestModels.PathOf(name));
        foreach (LoraSettings settings in (LoraSettings[])
            [new(3, 3), new(4, 2, IsRankStabilised: true), new(2, 2, IsWeightDecomposed: true)])
        {
            LoraAdapter adapter = SampleAdapters.Random(model, 5, settings);
            using LanguageModel merged = Merge(folder, model, adapter, strength: 0.5f);

            DivergenceScore score = Divergence.Measure(
                model, model.Bind(adapter, 0.5f), merged, [SampleAdapters.Tokens],
                cancellation: TestContext.Current.CancellationToken);

            Assert.InRange(score.LargestKl, -1e-6, 1e-6);
            Assert.InRange(
                ModelRun.LargestDifference(Logits(model, adapter, 0.5f), SampleAdapters.Logits(merged, null)),
                0,
                MergedTolerance);
        }
    }

    [Theory]
    [InlineData("quant/llama-gqa-Q8_0.gguf", null)]
    [InlineData("quant/llama-gqa-Q4_K_M.gguf", null)]
    [InlineData("quant/llama-gqa-Q4_K_M.gguf", "F16")]
    [InlineData("tiny/llama-gqa.gguf", "BF16")]
    [InlineData("tiny/llama-gqa.gguf", "Q8_0")]
    public void What_is_not_touched_is_copied_and_the_rest_has_the_wanted_format(string name, string? type)
    {
        using TemporaryFolder folder = new();
        string path = TestModels.PathOf(name);
        using LanguageModel model = LanguageModel.Load(path);
        LoraAdapter adapter = SampleAdapters.Random(model, 1, null, Origin(model), "q_proj", "down_proj");
        TensorFormat? format = type is null ? null : TensorFormats.FromName(type);

        using LanguageModel merged = Merge(folder, model, adapter, format: format);

        using GgufFile before = GgufFile.Open(path);
        using GgufFile after = GgufFile.Open(folder["m.gguf"]);
        Assert.Equal(before.Tensors.Select(tensor => tensor.Name), after.Tensors.Select(tensor => tensor.Name));
        foreach ((GgufTensor old, GgufTensor made) in before.Tensors.Zip(after.Tensors))
        {
            bool isTouched = adapter.Factors.ContainsKey(old.Name);
            Assert.Equal(isTouched && format is not null ? format : old.Format, made.Format);
            Assert.Equal(!isTouched, Bytes(before, old).AsSpan().SequenceEqual(Bytes(after, made)));
        }

        Assert.Equal(2, after.Metadata["tokenizer.ggml.eos_token_id"].AsInt32());
        Assert.Equal("2 7", after.Metadata["chaku.stop_ids"].AsString());
        Assert.Equal("alpaca", after.Metadata["chaku.template"].AsString());
        Assert.Equal("unknown, cc-by-4.0", after.Metadata["general.license"].AsString());
        Assert.Equal("base", after.Metadata["chaku.made_from.0.name"].AsString());
        Assert.Equal("chaku merge", after.Metadata["chaku.made_with"].AsString());
        Assert.Equal("base with mine", after.Metadata["general.name"].AsString());
        Assert.Equal(format is null, after.Metadata.Find("general.file_type") is not null);

        // GGUF's specification wants it where any tensor is quantised.
        Assert.Equal(
            after.Tensors.Any(tensor => tensor.Format.BlockLength > 1),
            after.Metadata.Find("general.quantization_version")?.Content is 2u);
    }

    [Fact]
    public void A_merged_model_stops_where_the_adapted_one_did_and_so_does_what_is_merged_into_it()
    {
        using TemporaryFolder folder = new();
        using LanguageModel model = SampleAdapters.Model();
        GenerationOptions greedy = new() { Temperature = 0, MaxTokens = 12 };
        int[] free = Ids(model, SampleAdapters.Random(model, 1), greedy);
        int end = free[5];
        LoraAdapter adapter = SampleAdapters.Random(model, 1, null, Origin(model) with { StopIds = [end] });
        int[] expected = Ids(model, adapter, greedy with { StopIds = [end] });

        using LanguageModel merged = Merge(folder, model, adapter);

        Assert.True(expected.Length < free.Length);
        Assert.Equal(expected, Ids(merged, null, greedy));
        using TemporaryFolder again = new();
        using LanguageModel twice =
            Merge(again, merged, SampleAdapters.Random(merged, 2, null, Origin(merged) with { StopIds = [7] }));
        Assert.Superset(new HashSet<int> { 2, 7, end }, twice.Tokenizer.Vocabulary.EndOfGeneration.ToHashSet());

        static int[] Ids(LanguageModel model, LoraAdapter? adapter, GenerationOptions options)
        {
            using Generator generator = new(model, adapter is null ? null : model.Bind(adapter, 1));
            return [.. generator.Run(SampleAdapters.Tokens, options).Select(step => step.Token)];
        }
    }

    // 1 is a control token of this vocabulary, 300 a piece of words.
    [Fact]
    public void Other_software_reads_of_a_mark_that_ends_answers_and_of_no_word()
    {
        using TemporaryFolder folder = new();
        using LanguageModel model = SampleAdapters.Model();
        LoraAdapter adapter = SampleAdapters.Random(model, 1, null, Origin(model) with { StopIds = [2, 300, 1] });

        using LanguageModel merged = Merge(folder, model, adapter);

        using GgufFile file = GgufFile.Open(folder["m.gguf"]);
        Assert.Equal(1, file.Metadata["tokenizer.ggml.eot_token_id"].AsInt32());
        Assert.Null(file.Metadata.Find("tokenizer.ggml.eom_token_id"));
        Assert.Equal([1, 2, 300], merged.Tokenizer.Vocabulary.EndOfGeneration.Order());
        Assert.Equal(model.Tokenizer.Encode("the dog"), merged.Tokenizer.Encode("the dog"));
    }

    [Theory]
    [InlineData("2 x")]
    [InlineData("-1")]
    public void Stop_ids_that_are_none_are_refused_by_name(string text)
    {
        using TemporaryFolder folder = new();
        using (GgufFile file = GgufFile.Open(TestModels.PathOf("tiny/llama-gqa.gguf")))
        {
            Metadata metadata = new(folder["m.gguf"]);
            foreach (MetadataValue value in file.Metadata)
            {
                metadata.TryAdd(value);
            }

            metadata.Add("chaku.stop_ids", text);
            GgufWriter.Write(folder["m.gguf"], metadata, []);
        }

        using GgufFile written = GgufFile.Open(folder["m.gguf"]);
        Assert.Contains(
            "chaku.stop_ids",
            Assert.Throws<ModelFormatException>(() => Tokenizer.FromGguf(written)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_do_not_depend_on_the_number_of_threads()
    {
        using TemporaryFolder folder = new();
        List<byte[]> files = [];
        foreach (int threads in (int[])[1, 3])
        {
            using LanguageModel model = LanguageModel.Load(
                TestModels.PathOf("quant/llama-gqa-Q4_K_M.gguf"), new ModelOptions { ThreadCount = threads });
            LoraAdapter adapter = SampleAdapters.Random(model, 1, new LoraSettings(3, 6, IsWeightDecomposed: true));
            using (Merge(folder, model, adapter))
            {
                files.Add(File.ReadAllBytes(folder["m.gguf"]));
            }
        }

        Assert.Equal(files[0], files[1]);
    }

    [Fact]
    public void What_cannot_be_merged_is_refused()
    {
        using TemporaryFolder folder = new();
        using LanguageModel inFolder = LanguageModel.Load(TestModels.PathOf("folders/llama3"));
        using LanguageModel model = SampleAdapters.Model();
        LoraAdapter huge = SampleAdapters.Random(model, 1, new LoraSettings(1, 1e9f));

        Assert.Contains(
            "chaku convert makes a GGUF file of it",
            Assert.Throws<AdapterException>(
                () => Merge(folder, inFolder, SampleAdapters.Random(inFolder, 1))).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "rows of 64 weights, which are no whole blocks of Q4_K, of 256 each",
            Assert.Throws<AdapterException>(() => Merge(folder, model, huge, format: Format("Q4_K"))).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "has values that F16 cannot hold",
            Assert.Throws<AdapterException>(() => Merge(folder, model, huge, format: Format("F16"))).Message,
            StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));

        static TensorFormat Format(string name) => TensorFormats.FromName(name)!;
    }

    [Fact]
    public void It_can_be_cancelled_and_tells_how_far_it_is()
    {
        using TemporaryFolder folder = new();
        using LanguageModel model = SampleAdapters.Model();
        using CancellationTokenSource cancellation = new();
        AdapterMerge merge = new(model, SampleAdapters.Random(model, 1), strength: 1, format: null);
        List<(long Done, long All)> told = [];

        AtomicFile.Write(
            folder["whole.gguf"],
            merge.Content("m", FileOrigin(null), (done, all) => told.Add((done, all)), cancellation.Token));
        Assert.Throws<OperationCanceledException>(() => AtomicFile.Write(
            folder["m.gguf"],
            merge.Content("m", FileOrigin(null), (_, _) => cancellation.Cancel(), cancellation.Token)));

        Assert.All(told, entry => Assert.Equal(merge.ByteLength, entry.All));
        Assert.Equal(merge.ByteLength, told[^1].Done);
        Assert.Equal([folder["whole.gguf"]], Directory.GetFileSystemEntries(folder.Path));
    }

    private static LanguageModel Merge(
        TemporaryFolder folder,
        LanguageModel model,
        LoraAdapter adapter,
        float strength = 1,
        TensorFormat? format = null)
    {
        AdapterMerge merge = new(model, adapter, strength, format);
        string path = folder["m.gguf"];
        AtomicFile.Write(path, merge.Content(path, FileOrigin(adapter), progress: null, CancellationToken.None));
        return LanguageModel.Load(path, new ModelOptions { Repack = false });
    }

    private static FileOrigin FileOrigin(LoraAdapter? adapter) => new(
        [new OriginSource("base", new string('0', 64)), new OriginSource("mine", new string('1', 64))],
        adapter?.Origin.IsOurs == true ? new StatedLicense(adapter.Origin.Terms, "the test") : null,
        "chaku merge",
        "1.0");

    private static AdapterOrigin Origin(LanguageModel model) => AdapterOrigin.On(model) with
    {
        DataLicense = "cc-by-4.0",
        Template = "alpaca",
        StopIds = [2, 7],
    };

    private static float[] Logits(LanguageModel model, LoraAdapter adapter, float strength)
    {
        List<float> logits = [];
        BoundAdapter bound = model.Bind(adapter, strength);
        AllLogits.Compute(model, SampleAdapters.Tokens, bound, row => logits.AddRange(row));
        return [.. logits];
    }

    private static byte[] Bytes(GgufFile file, GgufTensor tensor) =>
        file.Bytes(tensor, 0, (int)tensor.ByteLength).ToArray();
}
