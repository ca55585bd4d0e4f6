using System.Runtime.InteropServices;
using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Model.Files;
using Chaku.Training.Runs;

namespace Chaku.Training.Tests.Runs;

public sealed class DivergenceTests
{
    private static readonly TuneOptions Plain = TuningSample.Options with { Dropout = 0, Checkpoints = new() };

    // The one makes numbers that are none, the other a loss of more than ten times the first.
    [Theory]
    [InlineData(1e30, false)]
    [InlineData(3, true)]
    public void A_rate_that_is_far_too_large_stops_and_writes_nothing(double learningRate, bool isFull)
    {
        using TuningSample sample = new();
        TuneOptions options = new()
        {
            IsFull = isFull,
            LearningRate = learningRate,
            Steps = 40,
            WarmupSteps = 0,
            ContextLength = 32,
            BatchSize = 1,
        };

        DivergedException exception = Assert.Throws<DivergedException>(() => sample.Run("x", options));

        Assert.Contains("smaller --lr", exception.Message, StringComparison.Ordinal);
        Assert.Contains("nothing was written", exception.Message, StringComparison.Ordinal);
        Assert.Equal((RunEnd.Diverged, 0L), (exception.Report.End, exception.Report.KeptStep));
        Assert.Equal(isFull, exception.Message.Contains("is no learning", StringComparison.Ordinal));
        RunFiles files = sample.Files("x", isFull);
        Assert.Equal([files.Log], Directory.GetFileSystemEntries(files.Folder));
        Assert.False(File.Exists(sample.InFolder("x")));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.2)]
    public void What_was_good_before_is_written(double validationShare)
    {
        using TuningSample sample = new();
        TuneOptions options = Plain with { Steps = 40, ValidationShare = validationShare, WarmupSteps = 0 };
        TuneProgress spoil = new();
        using LanguageModel model = sample.Load();
        DivergedException exception = Assert.Throws<DivergedException>(() => Tuning.Run(
            model,
            sample.Data,
            sample.InFolder("x"),
            options,
            spoil with { OnStep = step => Spoil(model, step, 26) },
            TestContext.Current.CancellationToken));

        long kept = exception.Report.KeptStep;
        Assert.InRange(kept, 1, 26);
        Assert.Contains($"behind step {kept} of 40", exception.Message, StringComparison.Ordinal);
        using LanguageModel intact = sample.Load();
        LoadedAdapter adapter = AdapterReader.Read(
            sample.InFolder("x"),
            intact,
            ContentHashCache.ForUser(),
            cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(kept, adapter.Adapter.Origin.Step);
        Assert.Null(adapter.Adapter.Origin.Run);
        Assert.All(adapter.Adapter.Factors.Values, pair => Assert.DoesNotContain(float.NaN, pair.AValues.ToArray()));
        Assert.False(File.Exists(sample.Files("x").Checkpoint));
    }

    [Fact]
    public void A_base_with_a_weight_that_is_no_number_is_named()
    {
        using TuningSample sample = new();
        SpoilFile(sample.Model, "blk.1.ffn_down.weight");

        foreach (double share in (double[])[0, 0.2])
        {
            TrainingException exception =
                Assert.Throws<TrainingException>(() => sample.Run("x", Plain with { ValidationShare = share }));

            Assert.Contains("NaN", exception.Message, StringComparison.Ordinal);
            Assert.Contains("'blk.1.ffn_down.weight', row 0", exception.Message, StringComparison.Ordinal);
            Assert.Contains("nothing was written", exception.Message, StringComparison.Ordinal);
            Assert.False(Directory.Exists(sample.InFolder("x")));
        }
    }

    // A vector of the decoder lies in memory; no file is changed.
    private static void Spoil(LanguageModel model, TrainingStep step, long last)
    {
        if (step.Number == last)
        {
            model.Decoder.Weights.OutputNorm!.Weight.AsSpan().Fill(float.NaN);
        }
    }

    private static void SpoilFile(string path, string name)
    {
        long place;
        using (GgufFile file = GgufFile.Open(path))
        {
            place = file.Tensors.Single(tensor => tensor.Name == name).Offset;
        }

        using FileStream stream = new(path, FileMode.Open, FileAccess.Write);
        stream.Position = place;
        stream.Write(MemoryMarshal.AsBytes<float>([float.NaN]));
    }
}
