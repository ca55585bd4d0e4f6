using System.CommandLine;
using Chaku.RandomModel;

namespace Chaku.SideBySide.Measuring;

/// <summary>What the command line asks for.</summary>
internal sealed record BenchOptions
{
    /// <summary>Rounds.</summary>
    public required int Rounds { get; init; }

    /// <summary>Threads of every contestant.</summary>
    public required int ThreadCount { get; init; }

    /// <summary>The model's shape.</summary>
    public required string Shape { get; init; }

    /// <summary>The formats of its weights.</summary>
    public required IReadOnlyList<string> Formats { get; init; }

    /// <summary>Names of measurements.</summary>
    public required IReadOnlyList<string> Measurements { get; init; }

    /// <summary>Where models lie, and are written when they are not there.</summary>
    public required string ModelFolder { get; init; }

    /// <summary>Where reports are written; null for nowhere.</summary>
    public required string? OutputFolder { get; init; }

    /// <summary>Whether all is made small, to see that it runs.</summary>
    public required bool IsQuick { get; init; }

    /// <summary>Whether a peer takes part.</summary>
    public required bool HasPeer { get; init; }

    /// <summary>The model of a format; written first where it is not there.</summary>
    /// <param name="shape">A shape of <see cref="RandomShape.All"/>.</param>
    /// <param name="format">A mix of <see cref="WeightMix.All"/>.</param>
    /// <param name="say">Told that it is written.</param>
    public string Model(string shape, string format, Action<string> say)
    {
        string path = Path.Combine(ModelFolder, $"{shape}-{format}.gguf");
        if (!File.Exists(path))
        {
            say($"writes {path}");
            Directory.CreateDirectory(ModelFolder);
            RandomGguf.Write(path, RandomShape.Of(shape), WeightMix.Of(format));
        }

        return path;
    }

    /// <summary>A number for full runs, or a smaller one when quick.</summary>
    public int Sized(int full, int quick) => IsQuick ? quick : full;
}

/// <summary>The options that all commands share.</summary>
internal sealed class BenchArguments
{
    private readonly Option<int?> _rounds = new("--rounds") { Description = "Rounds: 5 by default, 3 when quick." };

    private readonly Option<int> _threads = new("--threads")
    {
        Description = "Threads of every contestant; one for each processor by default.",
        DefaultValueFactory = _ => Environment.ProcessorCount,
    };

    private readonly Option<string?> _shape = new("--shape")
    {
        Description =
            $"One of {string.Join(", ", RandomShape.All.Keys)}; {RandomShape.Usual} by default, 15M when quick.",
    };

    private readonly Option<string[]> _formats;
    private readonly Option<string[]> _measurements;

    private readonly Option<string> _models = new("--models")
    {
        Description =
            "The folder with random models; those that are missing are written. Beside the program by default.",
        DefaultValueFactory = _ => Path.Combine(AppContext.BaseDirectory, "models"),
    };

    private readonly Option<string?> _output = new("--output")
    {
        Description = "The folder for the report: docs/benchmarks by default, none when quick.",
    };

    private readonly Option<bool> _quick = new("--quick")
    {
        Description = "Makes everything small, to see that it runs; the figures mean nothing.",
    };

    private readonly Option<bool> _noPeer = new("--no-peer") { Description = "Measures Chaku alone." };

    /// <summary>Adds them to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="formats">The formats when none is named.</param>
    /// <param name="measurements">Every measurement that there is.</param>
    public BenchArguments(Command command, string[] formats, IEnumerable<string> measurements)
    {
        _formats = new Option<string[]>("--formats")
        {
            Description = "Formats of the weights.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => formats,
        };
        string[] all = [.. measurements];
        _measurements = new Option<string[]>("--measure")
        {
            Description = $"What is measured: {string.Join(", ", all)}; all by default.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => all,
        };
        _measurements.AcceptOnlyFromAmong(all);
        Option[] options =
            [_measurements, _formats, _shape, _threads, _rounds, _quick, _noPeer, _models, _output];
        Array.ForEach(options, command.Options.Add);
    }

    /// <summary>What was asked for.</summary>
    public BenchOptions Read(ParseResult arguments)
    {
        bool isQuick = arguments.GetValue(_quick);
        string reports = Path.Combine(Checkout.Folder, "docs", "benchmarks");
        return new BenchOptions
        {
            Rounds = Math.Max(1, arguments.GetValue(_rounds) ?? (isQuick ? 3 : 5)),
            ThreadCount = arguments.GetValue(_threads),
            Shape = arguments.GetValue(_shape) ?? (isQuick ? "15M" : RandomShape.Usual),
            Formats = arguments.GetRequiredValue(_formats),
            Measurements = arguments.GetRequiredValue(_measurements),
            ModelFolder = arguments.GetRequiredValue(_models),
            OutputFolder = arguments.GetValue(_output) ?? (isQuick ? null : reports),
            IsQuick = isQuick,
            HasPeer = !arguments.GetValue(_noPeer),
        };
    }
}

/// <summary>The checkout that this program was built in.</summary>
internal static class Checkout
{
    /// <summary>Its root.</summary>
    public static string Folder { get; } = Find(AppContext.BaseDirectory);

    private static string Find(string folder)
    {
        for (string? place = folder; place is not null; place = Path.GetDirectoryName(place))
        {
            if (File.Exists(Path.Combine(place, "Chaku.slnx")))
            {
                return place;
            }
        }

        return Environment.CurrentDirectory;
    }
}
