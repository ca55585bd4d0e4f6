using System.CommandLine;
using Chaku.Cli.Options;
using Chaku.Cli.Reports;
using Chaku.Model.Hub;

namespace Chaku.Cli.Commands;

/// <summary>Fetches a model from the Hub into the cache: the only command that opens a connection.</summary>
internal sealed class PullCommand : ProgramCommand
{
    private const int MostConnections = 64;

    private readonly Argument<string> _model = HubArgument.Create("The model on the Hub, and which of its files.");

    private readonly Option<string?> _quant = new("--quant")
    {
        Description =
            "The GGUF file with this format in its name. Without it, Q4_K_M where there is one, else the only file.",
        HelpName = "FORMAT",
    };

    private readonly Option<string?> _weights = new("--weights")
    {
        Description = "The kind of weights: gguf or safetensors; GGUF by default where there is any.",
        HelpName = "gguf|safetensors",
    };

    private readonly Option<string?> _revision = new("--revision")
    {
        Description = "A branch, a tag or a commit; main by default.",
        HelpName = "REVISION",
    };

    private readonly Option<int?> _connections = NumberOption.Whole(
        "--connections", $"Parts of a large file that are fetched at once, up to {MostConnections}; 4 by default.", 1);

    private readonly Option<bool> _json = JsonOutput.CreateOption();

    /// <summary>Describes the command line.</summary>
    public PullCommand()
        : base("pull", "Fetches a model from a Hugging Face Hub (HF_ENDPOINT, HF_TOKEN) into its cache (HF_HOME).")
    {
        Add(_model);
        Add(_quant);
        Add(_weights);
        Add(_revision);
        Add(_connections);
        Add(_json);
        _weights.AcceptOnlyFromAmong("gguf", "safetensors");
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "chaku pull OWNER/NAME",
        "chaku pull OWNER/NAME/model-Q5_K_M.gguf",
        "chaku pull OWNER/NAME --quant Q8_0",
        "chaku pull OWNER/NAME@v1.0 --weights safetensors",
    ];

    /// <inheritdoc/>
    public override int Execute(ParseResult arguments, Terminal terminal)
    {
        HubReference reference = Read(arguments);
        HubSettings hub = HubSettings.FromEnvironment();
        bool isJson = arguments.GetValue(_json);
        if (hub.IsOffline)
        {
            return FromCache(hub, reference, Kind(arguments), terminal, isJson);
        }

        using HubPull pull = HubPull
            .PlanAsync(hub, reference, Kind(arguments), Settings(arguments, terminal), terminal.Cancellation)
            .GetAwaiter().GetResult();
        PullReport report = new(pull, reference);
        if (!isJson)
        {
            report.Begin(terminal.Output);
        }

        Fetch(pull, terminal);
        if (isJson)
        {
            JsonOutput.WriteObject(terminal.Output, report.WriteFields);
        }
        else
        {
            report.End(terminal.Output);
        }

        return ExitCodes.Success;
    }

    private static void Fetch(HubPull pull, Terminal terminal)
    {
        try
        {
            using ProgressReport progress = terminal.Progress($"fetching {pull.Name}");
            pull.RunAsync(progress.Report, terminal.Cancellation).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            terminal.Warn("what has come stays, and the same command goes on from there");
            throw;
        }
    }

    private static int FromCache(
        HubSettings hub, HubReference reference, WeightsKind? kind, Terminal terminal, bool isJson)
    {
        string path = CachedModel.Find(new HubCache(hub.CacheFolder), reference, kind) ?? throw new HubException(
            $"{reference} is not in {hub.CacheFolder}, and HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE keeps it from " +
            "being fetched");
        if (isJson)
        {
            JsonOutput.WriteObject(terminal.Output, json => json.WriteString("path", path));
        }
        else
        {
            terminal.Output.WriteLine(path);
        }

        return ExitCodes.Success;
    }

    private DownloadSettings Settings(ParseResult arguments, Terminal terminal)
    {
        DownloadSettings defaults = new() { Notice = terminal.Warn };
        return arguments.GetValue(_connections) switch
        {
            null => defaults,
            > MostConnections and var count => throw new UsageException(
                $"--connections takes a whole number from 1 to {MostConnections}, not '{count}'"),
            { } count => defaults with
            {
                RangeCount = count,
                ConnectionCount = Math.Max(defaults.ConnectionCount, count),
            },
        };
    }

    private HubReference Read(ParseResult arguments)
    {
        HubReference reference = HubArgument.Read(arguments.GetRequiredValue(_model));
        if (arguments.GetValue(_revision) is { } revision)
        {
            reference = reference.Revision is null
                ? reference with { Revision = revision }
                : throw new UsageException($"--revision and @{reference.Revision} exclude each other");
        }

        if (arguments.GetValue(_quant) is { } quant)
        {
            reference = reference is { File: null, Quant: null }
                && HubReference.TryParse($"{reference.Name}:{quant}") is { } exact
                    ? exact with { Revision = reference.Revision }
                    : throw new UsageException(
                        $"--quant takes a format such as Q5_K_M, for a model without a file, not '{quant}'");
        }

        return Kind(arguments) == WeightsKind.Folder && (reference.File ?? reference.Quant) is { } gguf
            ? throw new UsageException($"--weights safetensors takes a model without a file, and '{gguf}' is GGUF")
            : reference;
    }

    private WeightsKind? Kind(ParseResult arguments) => arguments.GetValue(_weights) switch
    {
        "gguf" => WeightsKind.Gguf,
        "safetensors" => WeightsKind.Folder,
        _ => null,
    };
}
