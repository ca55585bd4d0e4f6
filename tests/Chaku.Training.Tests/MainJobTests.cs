using System.Diagnostics;
using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Model.Decoding;
using Chaku.Model.Files;
using Chaku.Model.Generation;
using Chaku.Tests;

namespace Chaku.Training.Tests;

/// <summary>
/// The main job on real input: a trained model learns Shakespeare's manner, and without the adapter it is as before.
/// </summary>
[Trait("Category", "Slow")]
[Collection("Timed")]
public sealed class MainJobTests
{
    private const double LargestPerplexity = 18;
    // Two processors for 120 seconds: what the wall clock says on a machine that others use as well is not counted.
    private const double MostProcessorSeconds = 2 * 120;

    [Fact]
    public void Stories_learn_to_speak_as_Shakespeare_wrote()
    {
        string path = Fixtures.Shared("models", "stories260K", "stories260K.gguf");
        string text = Fixtures.Shared("data", "tinyshakespeare.txt");
        string folder = Directory.CreateTempSubdirectory("chaku-test").FullName;
        try
        {
            using LanguageModel model = LanguageModel.Load(path, new ModelOptions { ThreadCount = 2 });
            string before = Continue(model, null);
            TuneOptions options = new()
            {
                Rank = 16,
                Steps = 160,
                BatchSize = 8,
                ContextLength = 128,
                LearningRate = 5e-3,
                ValidationShare = 0.1,
            };
            using Process process = Process.GetCurrentProcess();
            TimeSpan start = process.TotalProcessorTime;

            TuneReport report = Tuning.Run(
                model, text, folder, options, cancellation: TestContext.Current.CancellationToken);

            process.Refresh();
            double seconds = (process.TotalProcessorTime - start).TotalSeconds;
            double perplexity = Math.Exp(report.ValidationAfter!.Value);
            BoundAdapter adapter = model.Bind(AdapterReader.Read(
                folder,
                model,
                ContentHashCache.ForUser(),
                cancellation: TestContext.Current.CancellationToken).Adapter);
            string after = Continue(model, adapter);
            TestContext.Current.TestOutputHelper!.WriteLine(
                $"perplexity {Math.Exp(report.ValidationBefore!.Value):F1} -> {perplexity:F2} " +
                $"in {report.ElapsedSeconds:F0} s, {seconds:F0} s of processors\n{after}");
            Assert.InRange(Math.Exp(report.ValidationBefore.Value), 150, 250);
            Assert.InRange(perplexity, 1, LargestPerplexity);
            Assert.InRange(seconds, 0, MostProcessorSeconds);
            Assert.NotEqual(before, after);
            Assert.Equal(before, Continue(model, null));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Continue(LanguageModel model, BoundAdapter? adapter)
    {
        using Generator generator = new(model, adapter);
        GenerationOptions options = new() { Temperature = 0, MaxTokens = 80 };
        int[] prompt = Generator.EncodePrompt(model.Tokenizer, "KING:");
        return string.Concat(generator.Run(prompt, options).Select(step => step.Text));
    }
}

/// <summary>Tests whose time counts run when no other does.</summary>
[CollectionDefinition("Timed", DisableParallelization = true)]
public sealed class TimedTests;
