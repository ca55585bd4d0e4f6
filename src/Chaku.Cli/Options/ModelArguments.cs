using System.CommandLine;
using System.Globalization;
using Chaku.Kernels.Cache;
using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Model.Decoding;
using Chaku.Model.Files;

namespace Chaku.Cli.Options;

/// <summary>The model and how it is run: what every command that runs one takes.</summary>
internal sealed class ModelArguments
{
    // Nothing else has been said yet to the person who waits.
    private static readonly TimeSpan RepackPatience = TimeSpan.FromSeconds(0.5);

    private readonly Argument<string> _path = new("MODEL")
    {
        Description = ModelPath.Description,
    };

    private readonly Option<string?> _adapter = new("--adapter")
    {
        Description =
            "An adapter to run the model with: a folder in PEFT's format, a GGUF file, or OWNER/NAME that was " +
            "pulled; =SCALE changes its strength (1: as trained).",
        HelpName = "A[=SCALE]",
    };

    private readonly Option<bool> _force = new("--force")
    {
        Description =
            "Takes an adapter that was made for another base or template, or that changes nothing, and says so.",
    };

    private readonly Option<int?> _threads =
        NumberOption.Whole("--threads", "Threads; one for each processor by default.", 1);

    private readonly Option<int?> _context =
        NumberOption.Whole("--context", "Positions that the model sees at most; the file's own number by default.", 1);

    private readonly Option<string> _cacheType = new("--kv")
    {
        Description = "What keys and values are stored as: f32, f16 for half the memory, q8_0 for about a quarter.",
        DefaultValueFactory = _ => KvFormats.F32.Name,
        HelpName = string.Join("|", KvFormats.All.Select(format => format.Name)),
    };

    private readonly Option<int?> _chunk =
        NumberOption.Whole("--chunk", "Tokens of a prompt that are computed at a time; 512 by default.", 1);

    private readonly Option<bool> _noRepack = new("--no-repack")
    {
        Description =
            "Reads quantised weights where they lie in the file: slower, but at once. The results are the same.",
    };

    private readonly Option<string?> _gelu = new("--gelu")
    {
        Description = "Another variant of GELU than the model's own, for comparison with other software: erf or tanh.",
        HelpName = "erf|tanh",
    };

    private readonly Option<int[]> _stopIds = NumberOption.Many(
        "--stop-id", "A token that ends an answer besides those that the model names; can be given again.");

    /// <summary>Adds the argument and the options to a command.</summary>
    public ModelArguments(Command command)
    {
        command.Add(_path);
        command.Add(_adapter);
        command.Add(_force);
        command.Add(_threads);
        command.Add(_context);
        command.Add(_cacheType);
        command.Add(_chunk);
        command.Add(_noRepack);
        command.Add(_gelu);
        command.Add(_stopIds);
        _gelu.AcceptOnlyFromAmong("erf", "tanh");
        _cacheType.AcceptOnlyFromAmong([.. KvFormats.All.Select(format => format.Name)]);
    }

    /// <summary>Tokens that end an answer.</summary>
    public int[] StopIds(ParseResult arguments) => arguments.GetValue(_stopIds) ?? [];

    /// <summary>Loads the model, and says what the user should know.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="terminal">Gets the notices.</param>
    /// <param name="isExact">Whether activations stay unrounded.</param>
    public LanguageModel Load(ParseResult arguments, Terminal terminal, bool isExact = false)
    {
        LanguageModel model = Open(arguments, terminal, isExact);
        foreach (string notice in model.Notices)
        {
            terminal.Warn(notice);
        }

        if (model.RepackedByteLength > 0)
        {
            terminal.Remark(string.Create(
                CultureInfo.InvariantCulture,
                $"weights repacked for speed: {model.RepackedByteLength / 1e6:0} MB in {model.RepackSeconds:0.0} s " +
                $"(--no-repack: read where they lie)"));
        }

        if (model.CopiedByteLength > 0)
        {
            terminal.Remark(string.Create(
                CultureInfo.InvariantCulture,
                $"weights copied into the layout that is read: {model.CopiedByteLength / 1e6:0} MB beside the files"));
        }

        return model;
    }

    private LanguageModel Open(ParseResult arguments, Terminal terminal, bool isExact)
    {
        ModelOptions defaults = new();
        ModelOptions options = new()
        {
            ThreadCount = arguments.GetValue(_threads) ?? defaults.ThreadCount,
            ContextLength = arguments.GetValue(_context),
            CacheType = arguments.GetRequiredValue(_cacheType),
            ChunkLength = arguments.GetValue(_chunk) ?? defaults.ChunkLength,
            IsExact = isExact,
            Gelu = arguments.GetValue(_gelu),
            Repack = !arguments.GetValue(_noRepack),
        };
        using ProgressReport progress = terminal.Progress("repacking the weights", RepackPatience);
        string path = ModelPath.Resolve(arguments.GetRequiredValue(_path));
        return LanguageModel.Load(path, options, progress.Report, terminal.Cancellation);
    }

    /// <summary>The adapter, if the command line names one; says what the user should know of it.</summary>
    /// <exception cref="UsageException">The scale is no number.</exception>
    public AdapterChoice LoadAdapter(ParseResult arguments, LanguageModel model, Terminal terminal)
    {
        if (arguments.GetValue(_adapter) is not { } text)
        {
            return new AdapterChoice(null, null, IsForced: false);
        }

        (string path, float scale) = ScaledPath.Split(text, "--adapter");
        using ProgressReport progress = terminal.Progress("reading the model to know it again");
        bool isForced = arguments.GetValue(_force);
        LoadedAdapter loaded = AdapterReader.Read(
            ModelPath.Resolve(path),
            model,
            ContentHashCache.ForUser(),
            isForced,
            progress.Report,
            terminal.Cancellation);
        foreach (string notice in loaded.Notices)
        {
            terminal.Warn(notice);
        }

        return new AdapterChoice(loaded, model.Bind(loaded.Adapter, scale), isForced);
    }
}

/// <summary>The adapter that a command line names, if it names one.</summary>
/// <param name="Loaded">What was read.</param>
/// <param name="Bound">The same, fitted to the model.</param>
/// <param name="IsForced">Whether the user insists on it.</param>
internal sealed record AdapterChoice(LoadedAdapter? Loaded, BoundAdapter? Bound, bool IsForced)
{
    /// <summary>The tokens that end the adapter's answers.</summary>
    public IReadOnlyList<int> StopIds => Loaded?.Adapter.Origin.StopIds ?? [];
}
