using System.Diagnostics;
using Chaku.Model.Files;
using Chaku.Training.Runs;

namespace Chaku.Cli.Tests.Commands;

/// <summary>A real run of the real program, killed as a machine that goes out kills it.</summary>
[Trait("Category", "Slow")]
public sealed class KilledRunTests : CommandSuite
{
    private const int KillCount = 20;
    private const int StepCount = 100;

    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "chaku.dll");

    private readonly List<string> _unreadable = [];
    private long _readCount;

    [Theory]
    [InlineData("an adapter", "--rank 2 --dropout 0.1 --dora --accumulate 2 --optimizer adamw-8bit --lr 0.01")]
    [InlineData("a model", "--full --lr 0.001")]
    public async Task Killed_at_20_moments_it_writes_the_same_bytes(string what, string options)
    {
        bool isFull = what == "a model";
        string suffix = isFull ? ".gguf" : "";
        string data = Write(
            "data.txt", string.Concat(Enumerable.Range(0, 40).Select(i => $"the dog {i} sat on the mat\n")));
        string[] arguments =
        [
            "tune", TinyModel, data, "--resume", "--checkpoint-steps", "1", "--steps", $"{StepCount}", "--batch", "1",
            "--context", "32", "--validation", "0.1", .. options.Split(' '),
        ];
        Assert.Equal(0, await LiveAsync([.. arguments, "-o", InFolder("whole" + suffix)], null, 2));

        int seed = Environment.TickCount;
        TestContext.Current.SendDiagnosticMessage($"moments of seed {seed}");
        Random random = new(seed);
        int killCount = 0;
        for (int run = 0; killCount < KillCount; run++)
        {
            // A fast machine ends a run before all kills, and the rest of them meet the next run.
            string output = InFolder($"killed{run}{suffix}");
            using CancellationTokenSource over = new();
            Task reading = ReadAllTheTimeAsync(output, isFull, over.Token);
            bool isKilled = true;
            while (isKilled)
            {
                Random? moments = killCount < KillCount ? random : null;
                isKilled = await LiveAsync([.. arguments, "-o", output], moments, 1 + (killCount % 2)) != 0;
                killCount += isKilled ? 1 : 0;
            }

            await over.CancelAsync();
            await reading;
            Compare(InFolder("whole" + suffix), output, isFull, seed);
        }

        Assert.True(_readCount > 0, "nothing was read");
        Assert.Empty(_unreadable);
    }

    private void Compare(string whole, string killed, bool isFull, int seed)
    {
        foreach ((string expected, string actual) in Results(whole, isFull).Zip(Results(killed, isFull)))
        {
            Assert.True(
                File.ReadAllBytes(expected).SequenceEqual(File.ReadAllBytes(actual)), $"{actual} differs, seed {seed}");
        }

        RunFiles files = RunFiles.Of(killed, isFull);
        string[] steps = Steps(files.Log);
        Assert.Equal(StepCount, steps.Length);
        Assert.Equal(Steps(RunFiles.Of(whole, isFull).Log), steps);
        Assert.False(File.Exists(files.Checkpoint));
        Assert.DoesNotContain(
            Directory.GetFileSystemEntries(Folder, "*", SearchOption.AllDirectories),
            path => Path.GetFileName(path).StartsWith('.'));
    }

    private static string[] Results(string output, bool isFull) => isFull
        ? [output]
        : [Path.Join(output, "/adapter_config.json"), Path.Join(output, "/adapter_model.safetensors")];

    // Without the seconds, which are the last field.
    private static string[] Steps(string log) =>
    [
        .. File.ReadLines(log).Where(line => line.Contains("gradient_norm", StringComparison.Ordinal))
            .Select(line => line[..line.IndexOf("\"seconds\"", StringComparison.Ordinal)]),
    ];

    // One life of the program: to its end, or, where moments are drawn, to one of them.
    private static async Task<int> LiveAsync(string[] arguments, Random? moments, int threadCount)
    {
        ProcessStartInfo start = new(
            "dotnet", [Program, .. arguments, "--threads", $"{threadCount}"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        using CancellationTokenSource kill = new();
        if (moments is not null)
        {
            kill.CancelAfter(moments.Next(200, 1300));
        }

        try
        {
            await process.WaitForExitAsync(kill.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        string said = await error + await output;
        Assert.True(process.ExitCode is 0 or 137, said);
        return process.ExitCode;
    }

    private async Task ReadAllTheTimeAsync(string output, bool isFull, CancellationToken cancellation)
    {
        string[] files = [RunFiles.Of(output, isFull).Checkpoint, .. Results(output, isFull)];
        while (!cancellation.IsCancellationRequested)
        {
            foreach (string file in files.Where(File.Exists))
            {
                try
                {
                    Read(file);
                    _readCount++;
                }
                catch (FileNotFoundException)
                {
                    // The checkpoint of a run that is over is taken away.
                    continue;
                }
#pragma warning disable CA1031 // Whatever is thrown, the file could not be read at that moment.
                catch (Exception exception)
#pragma warning restore CA1031
                {
                    _unreadable.Add($"{file}: {exception.Message}");
                }
            }

            await Task.Delay(2, CancellationToken.None);
        }
    }

    private static void Read(string file)
    {
        switch (Path.GetExtension(file))
        {
            case ".json":
                System.Text.Json.JsonDocument.Parse(File.ReadAllBytes(file)).Dispose();
                break;
            case ".gguf":
                GgufFile.Open(file).Dispose();
                break;
            default:
                TensorFile.Open(file).Dispose();
                break;
        }
    }
}
