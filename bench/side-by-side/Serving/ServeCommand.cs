using System.CommandLine;
using System.Globalization;
using Chaku.SideBySide.Measuring;
using Chaku.SideBySide.Reports;

namespace Chaku.SideBySide.Serving;

/// <summary>Chaku beside llama.cpp, on the same file, threads and tokens.</summary>
internal sealed class ServeCommand : Command
{
    private const string Introduction =
        "Chaku beside llama.cpp, on models with random weights: the same file, number of threads and tokens, a cache "
        + "in half precision in both, rounds in turn. Chaku's figures have everything in them, the choice of the token "
        + "too; llama.cpp's are bare calls of `llama_decode`. What counts is the median of the rounds' ratios; beside "
        + "it stand the least and the greatest ratio of a round. [bench/README.md](../../bench/README.md) says how to "
        + "repeat it.";

    private readonly BenchArguments _arguments;
    private readonly Option<string> _peerFolder = PeerFolder();

    /// <summary>Describes the command line.</summary>
    public ServeCommand()
        : base("serve", "Chaku beside llama.cpp: prefill, decode, many sequences, long contexts, start, memory.")
    {
        _arguments = new BenchArguments(
            this,
            ["Q8_0", "Q4_0", "Q4_K_M", "F16"],
            ServingMeasurements.All.Select(measurement => measurement.Name));
        Add(_peerFolder);
        SetAction(arguments => Run(_arguments.Read(arguments), arguments.GetRequiredValue(_peerFolder)));
    }

    /// <summary>The option for the place of node-llama-cpp.</summary>
    public static Option<string> PeerFolder() => new("--peer-folder")
    {
        Description = "The folder with the node_modules that have node-llama-cpp; bench/side-by-side by default.",
        DefaultValueFactory = _ => Path.Combine(Checkout.Folder, "bench", "side-by-side"),
    };

    private static void Run(BenchOptions options, string peerFolder)
    {
        Report report = new(
            options.OutputFolder,
            "serving",
            "Serving, beside llama.cpp",
            Introduction,
            [.. ServingMeasurements.All.Select(measurement => measurement.Name)]);
        foreach (string format in options.Formats)
        {
            using ServingBench bench = ServingBench.Load(options, options.Shape, format, peerFolder, Console.WriteLine);
            Setup setup = new(options.Shape, format, options.ThreadCount);
            if (bench.Disagreement() is { } apart)
            {
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"{setup}: logits lie {apart:F4} deviations apart"));
            }

            foreach (ServingMeasurement entry in ServingMeasurements.All)
            {
                if (options.Measurements.Contains(entry.Name))
                {
                    Result result = entry.Create(bench).Run(setup, options.Rounds, Console.WriteLine);
                    report.Add(result, bench.Peer?.Version);
                }
            }
        }
    }
}
