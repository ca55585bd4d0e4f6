using Chaku.SideBySide.Engines;
using Chaku.SideBySide.Measuring;

namespace Chaku.SideBySide.Serving;

/// <summary>A measurement of a loaded model, before it has one.</summary>
/// <param name="Name">As the command line spells it.</param>
/// <param name="Create">Makes it.</param>
internal sealed record ServingMeasurement(string Name, Func<ServingBench, Measurement> Create);

/// <summary>The table of what is measured of serving. A new measurement is one line here.</summary>
internal static class ServingMeasurements
{
    private const string Tokens = "tokens a second";

    /// <summary>Every measurement, in the order of the page.</summary>
    public static readonly IReadOnlyList<ServingMeasurement> All =
    [
        new("prefill-512", bench => Beside(bench, "prefill-512", "Prefill of 512 tokens", Workload.Prefill(512))),
        new("decode-128", bench => Beside(
            bench, "decode-128", "Decode of 128 tokens", Workload.Decode(bench.Options.Sized(128, 32)))),
        new("decode-8", bench => BesideOneself(
            bench,
            "decode-8",
            "Decode of 8 sequences together, beside a single one",
            ("one", Workload.Decode(bench.Options.Sized(32, 8))),
            ("eight", Workload.Decode(bench.Options.Sized(32, 8), sequences: 8)))),
        new("prefill-4096", bench => Beside(
            bench,
            "prefill-4096",
            $"Prefill of {bench.Options.Sized(4096, 1024)} tokens",
            Workload.Prefill(bench.Options.Sized(4096, 1024)))),
        new("decode-at-4096", bench => BesideOneself(
            bench,
            "decode-at-4096",
            $"Decode at a context of {bench.Options.Sized(4096, 1024)}, beside one of 128",
            ("at 128", Workload.Decode(32, held: 128)),
            ("far in", Workload.Decode(32, held: bench.Options.Sized(4096, 1024))))),
        new("bandwidth", Bandwidth),
        new("first-token", StartMeasurements.FirstToken),
        new("memory", StartMeasurements.Memory),
    ];

    private static Measurement Beside(ServingBench bench, string name, string title, Workload workload)
    {
        bench.Prepare(workload);
        List<Contestant> contestants = [Speed(bench.Ours, bench.Ours.Name, workload)];
        if (bench.Peer is { } peer)
        {
            contestants.Insert(0, Speed(peer, peer.Name, workload));
        }

        return new Measurement(name, title, Tokens, contestants) { Over = bench.Peer?.Name };
    }

    private static Measurement BesideOneself(
        ServingBench bench,
        string name,
        string title,
        (string Label, Workload Workload) usual,
        (string Label, Workload Workload) other)
    {
        bench.Prepare(usual.Workload, other.Workload);
        string over = $"{bench.Ours.Name}, {usual.Label}";
        List<Contestant> contestants =
        [
            Speed(bench.Ours, over, usual.Workload),
            Speed(bench.Ours, $"{bench.Ours.Name}, {other.Label}", other.Workload),
        ];
        if (bench.Peer is { } peer)
        {
            contestants.Insert(0, Speed(peer, $"{peer.Name}, {usual.Label}", usual.Workload));
            contestants.Insert(1, Speed(peer, $"{peer.Name}, {other.Label}", other.Workload));
        }

        return new Measurement(name, title, Tokens, contestants) { Over = over };
    }

    private static Measurement Bandwidth(ServingBench bench)
    {
        ReadLoop loop = new(bench.Options.ThreadCount);
        Workload workload = Workload.Decode(bench.Options.Sized(32, 8));
        bench.Prepare(workload);
        double bytes = bench.Ours.WeightBytesPerToken;
        Contestant decode = Speed(bench.Ours, "decode reads weights at", workload);
        Contestant[] contestants =
        [
            new("a loop reads at", () => loop.Measure() / 1e9),
            decode with { Measure = () => decode.Measure() * bytes / 1e9 },
        ];
        const string Title = "Memory that decoding reads, beside a loop that only reads";
        return new Measurement("bandwidth", Title, "GB/s", contestants)
        {
            Over = contestants[0].Label,
        };
    }

    private static Contestant Speed(IEngine engine, string label, Workload workload) =>
        new(label, () => workload.TimedTokens / engine.Run(workload));
}
