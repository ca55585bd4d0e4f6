using System.Diagnostics;
using Chaku.Model.Files;
using Chaku.Training.Runs;

namespace Chaku.Cli.Tests.Commands;

/// <summary>A real run of the real program, killed as a machine that goes out kills it.</summary>
[Trait("Category", "Slow")]
public sealed class KilledRunTests : CommandSuite
{
    private const int KillCount = 20;
    private const int MostSeconds = 240;

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
            "tune", TinyModel, data, "--resume", "--checkpoint-steps", "1", "--steps", "120", "--batch", "1", "--context",
            "32", "--validation", "0.1", .. options.Split(' '),
        ];
        Assert.Equal(0, await LiveAsync([.. arguments, "-o", InFolder("whole" + suffix)], null, 2));

        int seed = Environment.TickCount;
        TestContext.Current.SendDiagnosticMessage($"moments of seed {seed}");
        Random random = new(seed);
        string output = InFolder("killed" + suffix);
        using CancellationTokenSource over = new();
        Task reading = ReadAllTheTimeAsync(output, isFull, over.Token);
        int killed = 0;
        long start = Stopwatch.GetTimestamp();
        while (killed < KillCount)
        {
            Assert.True(Stopwatch.GetElapsedTime(start).TotalSeconds < MostSeconds, $"slow, seed {seed}");
            int exitCode = await LiveAsync([.. arguments, "-o", output], random, 1 + (killed % 2));
            if (exitCode == 0)
            {
                break;
            }

            killed++;
        }

        Assert.Equal(0, await LiveAsync([.. arguments, "-o", output], null, 1));
        await over.CancelAsync();
        await reading;
        Assert.True(killed == KillCount, $"only {killed} kills before the end, seed {seed}");
        Assert.True(_readCount > 0, "nothing was read");
        Assert.Empty(_unreadable);
        foreach (string file in Results("", isFull))
        {
            Assert.True(
                File.ReadAllBytes(InFolder("whole" + suffix + file)).SequenceEqual(File.ReadAllBytes(output + file)),
                $"{file} differs, seed {seed}");
        }

        RunFiles files = RunFiles.Of(output, isFull);
        Assert.Equal(
            Steps(RunFiles.Of(InFolder("whole" + suffix), isFull).Log), Steps(files.Log));
        Assert.Equal(120, Steps(files.Log).Length);
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
            kill.CancelAfter(moments.Next(300, 1500));
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
