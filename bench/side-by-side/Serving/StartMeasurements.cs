using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Chaku.SideBySide.Engines;
using Chaku.SideBySide.Measuring;
using Chaku.Training.Estimation;

namespace Chaku.SideBySide.Serving;

/// <summary>What is measured of a process that only now starts: the time to a token, and memory.</summary>
internal static class StartMeasurements
{
    /// <summary>The command of this program that <see cref="Memory"/> starts.</summary>
    public const string ResidentCommand = "resident";

    private const int ResidentPrompt = 512;
    private const int ResidentAnswer = 32;

    /// <summary>
    /// From the start of <c>chaku run</c> to the first letter of its answer, or to its end where the first token is no
    /// whole letter; the model is in the page cache.
    /// </summary>
    public static Measurement FirstToken(ServingBench bench)
    {
        string threads = bench.Options.ThreadCount.ToString(CultureInfo.InvariantCulture);
        string[] run =
            ["run", bench.ModelPath, "the", "--raw", "--max-tokens", "1", "--temperature", "0", "--threads", threads];
        return new Measurement(
            "first-token",
            "Start of the program to its first token",
            "seconds",
            [
                new("chaku --version", () => Seconds("--version")),
                new("chaku run", () => Seconds(run)),
            ]);
    }

    /// <summary>What a process of its own has in memory behind 512 tokens of prompt and 32 of answer.</summary>
    public static Measurement Memory(ServingBench bench)
    {
        string threads = bench.Options.ThreadCount.ToString(CultureInfo.InvariantCulture);
        JsonObject? last = null;
        return new Measurement(
            "memory",
            $"Memory behind {ResidentPrompt} tokens of prompt and {ResidentAnswer} of answer",
            "GB",
            [
                new("file and cache", () =>
                {
                    using Process process = StartAnother(ResidentCommand, bench.ModelPath, threads);
                    last = JsonNode.Parse(process.StandardOutput.ReadToEnd())!.AsObject();
                    return (Bytes("file") + Bytes("cache")) / 1e9;
                }),
                new("repacked weights", () => Bytes("repacked") / 1e9),
                new("peak", () => Bytes("peak") / 1e9),
                new("resident", () => Bytes("resident") / 1e9),
            ])
        {
            Over = "file and cache",
            WarmsUp = false,
            MostRounds = 1,
        };

        double Bytes(string name) => last![name]!.GetValue<long>();
    }

    /// <summary>What <see cref="ResidentCommand"/> does: loads, runs, and says what the process holds.</summary>
    public static void PrintResident(string modelPath, int threadCount)
    {
        using ChakuEngine engine = new(new EngineSettings(modelPath, threadCount, ResidentPrompt + ResidentAnswer));
        Workload workload = Workload.Decode(ResidentAnswer, held: ResidentPrompt);
        engine.Prepare([workload]);
        engine.Run(workload);
        ProcessMemory memory = ProcessMemory.Read();
        Console.WriteLine(new JsonObject
        {
            ["file"] = new FileInfo(modelPath).Length,
            ["cache"] = engine.CacheBytes,
            ["repacked"] = engine.RepackedBytes,
            ["resident"] = memory.ResidentBytes,
            ["peak"] = memory.PeakBytes,
        }.ToJsonString());
    }

    // The program that is measured: the published one where the environment names it, else the one built beside this.
    private static double Seconds(params string[] arguments)
    {
        string name = OperatingSystem.IsWindows() ? "chaku.exe" : "chaku";
        string program = Environment.GetEnvironmentVariable("CHAKU_PROGRAM")
            ?? Path.Combine(AppContext.BaseDirectory, name);
        long start = Stopwatch.GetTimestamp();
        using Process process = Start(program, arguments);
        int first = process.StandardOutput.Read();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? first >= 0 ? seconds : Stopwatch.GetElapsedTime(start).TotalSeconds
            : throw new InvalidOperationException($"{name} {arguments[0]} ended with {process.ExitCode}");
    }

    // This program once more: where `dotnet` runs it, the assembly comes first.
    private static Process StartAnother(params string[] arguments)
    {
        string program = Environment.ProcessPath!;
        bool isHosted = Path.GetFileNameWithoutExtension(program) == "dotnet";
        return Start(program, isHosted ? [Environment.GetCommandLineArgs()[0], .. arguments] : arguments);
    }

    private static Process Start(string program, params string[] arguments) => Process.Start(
        new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
}
