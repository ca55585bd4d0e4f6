using Chaku.Model;
using Chaku.Model.Cache;
using Chaku.Model.Decoding;
using Chaku.Model.Files;

namespace Chaku.Training.Tests;

/// <summary>All weights trained, and written as a file that is served.</summary>
public sealed class FullTuningTests
{
    private static readonly int[] Tokens = [1, 70, 80, 90, 100, 110, 120, 33];

    private static readonly TuneOptions Quick = new()
    {
        IsFull = true,
        Steps = 8,
        ContextLength = 32,
        BatchSize = 2,
        LearningRate = 3e-3,
    };

    [Theory]
    [InlineData("tiny/llama-gqa.gguf")]
    [InlineData("tiny/llama-mqa-tied.gguf")]
    [InlineData("tiny/llama3-ropefreqs.gguf")]
    [InlineData("quant/llama-gqa-Q4_K_M.gguf")]
    [InlineData("families/mixtral.gguf")]
    [InlineData("families/gptneox-sequential.gguf")]
    public void What_was_learnt_is_what_the_written_file_computes(string source)
    {
        using TalkingModel files = new(source);
        string data = files.Write("text.txt", string.Concat(Enumerable.Repeat("The herd went up the hill. ", 20)));
        byte[] untouched = File.ReadAllBytes(files.Path);
        string written = files.InFolder("tuned.gguf");
        using LanguageModel model = Load(files.Path);

        TuneReport report = Tuning.Run(
            model, data, written, Quick, cancellation: TestContext.Current.CancellationToken);

        Assert.True(report.LastLoss < 0.9 * report.FirstLoss, $"loss {report.FirstLoss} -> {report.LastLoss}");
        Assert.Equal(untouched, File.ReadAllBytes(files.Path));
        using LanguageModel loaded = LanguageModel.Load(written, new ModelOptions { ThreadCount = 2 });
        Assert.Equal(Logits(model), Logits(loaded));
        using GgufFile file = GgufFile.Open(written);
        using GgufFile before = GgufFile.Open(files.Path);
        Assert.Equal(before.Tensors.Select(tensor => tensor.Name), file.Tensors.Select(tensor => tensor.Name));
        Assert.All(file.Tensors, tensor => Assert.Equal("F32", tensor.Format.ToString()));
        Assert.Equal("0", file.Metadata["chaku.seed"].AsString());
        Assert.Equal(64, file.Metadata["chaku.base_sha256"].AsString().Length);
        Assert.All(before.Metadata, value => Assert.NotNull(file.Metadata.Find(value.Key)));
    }

    [Fact]
    public void The_same_run_writes_the_same_bytes_on_any_number_of_threads()
    {
        using TalkingModel files = new("families/mixtral.gguf");
        string data = files.Write("text.txt", "The brown one was called Killa, and she was nine years old.");
        byte[][] written = new byte[2][];
        for (int i = 0; i < written.Length; i++)
        {
            using LanguageModel model = Load(files.Path, (2 * i) + 1);
            string path = files.InFolder($"{i}.gguf");
            Tuning.Run(
                model,
                data,
                path,
                Quick with { Optimiser = "adamw-8bit" },
                cancellation: TestContext.Current.CancellationToken);
            written[i] = File.ReadAllBytes(path);
        }

        Assert.Equal(written[0], written[1]);
    }

    [Fact]
    public void What_cannot_be_is_refused_before_work_is_spent()
    {
        using TalkingModel files = new();
        string data = files.Write("text.txt", "The herd.");
        using LanguageModel mapped = files.Load();
        using LanguageModel model = Load(files.Path);

        Assert.Contains("base itself", Refusal<IOException>(model, files.Path, Quick), StringComparison.Ordinal);
        string folder = files.InFolder(".");
        Assert.Contains("is a folder", Refusal<IOException>(model, folder, Quick), StringComparison.Ordinal);
        string output = files.InFolder("x.gguf");
        Assert.Contains("in memory", Refusal<TrainingException>(mapped, output, Quick), StringComparison.Ordinal);
        foreach (TuneOptions options in (TuneOptions[])
            [
                Quick with { Rank = 4 }, Quick with { Alpha = 3 }, Quick with { IsWeightDecomposed = true },
                Quick with { LoraPlusRatio = 16 }, Quick with { Dropout = 0.1 }, Quick with { Targets = ["q_proj"] },
            ])
        {
            Assert.Contains(
                "there is no adapter", Refusal<TrainingException>(model, output, options), StringComparison.Ordinal);
        }

        Assert.False(File.Exists(output));

        string Refusal<T>(LanguageModel tuned, string path, TuneOptions options)
            where T : Exception => Assert.Throws<T>(() => Tuning.Run(tuned, data, path, options)).Message;
    }

    private static LanguageModel Load(string path, int threadCount = 2) =>
        LanguageModel.Load(path, new ModelOptions { ThreadCount = threadCount, HoldsSingles = true });

    private static float[] Logits(LanguageModel model)
    {
        using KvCache cache = model.CreateCache();
        Batch batch = new();
        batch.Add(cache.Open(null), Tokens, OutputRows.All);
        model.Decoder.Forward(batch);
        float[] logits = new float[Tokens.Length * model.Decoder.Config.VocabularySize];
        model.Decoder.Logits(batch, 0, Tokens.Length, logits);
        return logits;
    }
}
