using System.CommandLine;
using System.Globalization;
using Chaku.SideBySide.Engines;
using Chaku.SideBySide.Measuring;
using Chaku.SideBySide.Reports;
using Chaku.SideBySide.Serving;

namespace Chaku.SideBySide.Growth;

/// <summary>How speed goes with threads, sequences, positions and weights, one at a time.</summary>
internal sealed class GrowthCommand : Command
{
    private const string PageName = "growth";

    private const string Introduction =
        "Tokens a second while one thing grows and all others stay: TinyLlama's shape, as many threads as processors, "
        + "one sequence, behind a context of 128 tokens where nothing else is said. Both axes of the picture are "
        + "logarithmic. "
        + "[bench/README.md](../../bench/README.md) says how to repeat it.\n\n![Tokens a second while one thing "
        + "grows](growth.svg)";

    private readonly BenchArguments _arguments;
    private readonly Option<string> _peerFolder = ServeCommand.PeerFolder();

    /// <summary>Describes the command line.</summary>
    public GrowthCommand()
        : base(PageName, "How tokens per second go with threads, sequences, positions and weights, one at a time.")
    {
        _arguments = new BenchArguments(this, ["Q4_K_M"], GrowthAxes.All.Select(axis => axis.Name));
        Add(_peerFolder);
        SetAction(arguments => Run(_arguments.Read(arguments), arguments.GetRequiredValue(_peerFolder)));
    }

    // Points that share a model are measured while it is loaded.
    private static void Run(BenchOptions options, string peerFolder)
    {
        Report report = new(
            options.OutputFolder,
            PageName,
            "Growth",
            Introduction,
            [.. GrowthAxes.All.Select(axis => axis.Name)]);
        GrowthAxis[] axes = [.. GrowthAxes.All.Where(axis => options.Measurements.Contains(axis.Name))];
        foreach (string format in options.Formats)
        {
            var loads = axes.SelectMany(axis => axis.Points(options), (axis, point) => (axis, point))
                .GroupBy(measured => (measured.point.Shape, measured.point.ThreadCount));
            foreach (var load in loads)
            {
                (string shape, int threads) = load.Key;
                BenchOptions here = options with { ThreadCount = threads };
                using ServingBench bench = ServingBench.Load(here, shape, format, peerFolder, Console.WriteLine);
                foreach ((GrowthAxis axis, GrowthPoint point) in load)
                {
                    Result result = Measure(bench, axis, point);
                    Draw(options, report.Add(result, bench.Peer?.Version));
                }
            }
        }
    }

    private static Result Measure(ServingBench bench, GrowthAxis axis, GrowthPoint point)
    {
        Workload workload = point.Workload;
        bench.Prepare(workload);
        IEngine?[] engines = [bench.Peer, bench.Ours];
        Measurement measurement = new(
            axis.Name,
            axis.Title,
            "tokens a second",
            [.. engines.OfType<IEngine>().Select(engine =>
                new Contestant(engine.Name, () => workload.TimedTokens / engine.Run(workload)))])
        {
            Over = bench.Peer?.Name,
        };
        Setup setup = new(point.Shape, bench.Format, point.ThreadCount)
        {
            At = string.Create(CultureInfo.InvariantCulture, $"{GrowthAxes.Spell(point.At)} {axis.Unit}"),
        };
        return measurement.Run(setup, bench.Options.Rounds, Console.WriteLine);
    }

    private static void Draw(BenchOptions options, IReadOnlyList<Result> all)
    {
        if (options.OutputFolder is { } folder)
        {
            File.WriteAllText(Path.Combine(folder, PageName + ".svg"), GrowthPlot.Draw(all));
        }
    }
}
