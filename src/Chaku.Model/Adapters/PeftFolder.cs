using System.Globalization;
using Chaku.Kernels.Memory;
using Chaku.Model.Files;
using Chaku.Model.Licenses;

namespace Chaku.Model.Adapters;

/// <summary>An adapter's folder in PEFT's format, open.</summary>
internal sealed class PeftFolder : AdapterSource
{
    /// <summary>The name of the file with the settings.</summary>
    public const string ConfigName = "adapter_config.json";

    /// <summary>The name of the file with the factors.</summary>
    public const string WeightsName = "adapter_model.safetensors";

    /// <summary>The name of the file with the factors where PyTorch wrote it.</summary>
    public const string PickleName = "adapter_model.bin";

    private const string AlphaKey = "chaku.alpha";
    private const string RankKey = "chaku.rank";
    private const string RankStabilisedKey = "chaku.rslora";

    private PeftFolder(string path, PeftConfig config, TensorFile weights)
    {
        Path = path;
        Config = config;
        Weights = weights;
        Origin = AdapterMetadata.Read(weights.Path, weights.Metadata) with { BaseName = config.BaseName };
        CheckSettings();
        Pairs = ReadPairs();
        Unsupported =
        [
            .. config.Unsupported,
            .. weights.Tensors.Where(tensor => PeftFactorName.Parse(tensor.Name) is null).Select(tensor =>
                $"{weights.Path} has {tensor}, {PeftFactorName.Describe(tensor.Name)}, which is not supported"),
        ];
        if (Pairs.Count + Unsupported.Count == 0)
        {
            throw new AdapterException($"{weights.Path} has no factors");
        }
    }

    /// <inheritdoc/>
    public override string Path { get; }

    /// <inheritdoc/>
    public override AdapterContainer Container => new PeftContainer();

    /// <summary>The settings.</summary>
    public PeftConfig Config { get; }

    /// <inheritdoc/>
    public override LoraSettings Settings => Config.Settings;

    /// <inheritdoc/>
    public override AdapterOrigin Origin { get; }

    /// <inheritdoc/>
    public override StatedLicense? License => StatedLicense.InFolder(Path);

    /// <summary>The file with the factors.</summary>
    public TensorFile Weights { get; }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> Metadata => Weights.Metadata;

    /// <inheritdoc/>
    public override IReadOnlyList<FileTensor> Tensors => Weights.Tensors;

    /// <inheritdoc/>
    public override ModelContent Content => Weights.Content;

    /// <inheritdoc/>
    public override IReadOnlyList<FactorPair> Pairs { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> TargetModules => Config.TargetModules;

    /// <inheritdoc/>
    public override IReadOnlyList<string> ModulesToSave => Config.ModulesToSave;

    /// <inheritdoc/>
    public override bool IsFanInFanOut => Config.IsFanInFanOut;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Unsupported { get; }

    /// <inheritdoc/>
    protected override string WeightsPath => Weights.Path;

    /// <summary>
    /// The settings as the factors' file repeats them, so that files of two adapters do not pass for one.
    /// </summary>
    public static Dictionary<string, string> SettingsMetadata(LoraSettings settings) => new()
    {
        [AlphaKey] = settings.Alpha.ToString("R", CultureInfo.InvariantCulture),
        [RankKey] = settings.Rank.ToString(CultureInfo.InvariantCulture),
        [RankStabilisedKey] = settings.IsRankStabilised ? "true" : "false",
    };

    /// <summary>
    /// Opens a folder and checks all that can be checked without a model, but the factors' values and whether it is
    /// <see cref="Unsupported"/>.
    /// </summary>
    /// <exception cref="AdapterException">
    /// It is no LoRA adapter, or an incomplete one.
    /// </exception>
    /// <exception cref="ModelFormatException">A file is broken.</exception>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Reading is not permitted.</exception>
    public static new PeftFolder Open(string path)
    {
        if (!Directory.Exists(path))
        {
            throw new AdapterException(File.Exists(path)
                ? $"{path} is a file: an adapter is a GGUF file or a folder with {ConfigName} and {WeightsName}"
                : $"{path}: there is no such folder");
        }

        PeftConfig config = PeftConfig.Read(System.IO.Path.Combine(path, ConfigName));
        string pickle = System.IO.Path.Combine(path, PickleName);
        string weightsPath = System.IO.Path.Combine(path, WeightsName);
        TensorFile weights = TensorFile.Open(!File.Exists(weightsPath) && File.Exists(pickle) ? pickle : weightsPath);
        try
        {
            return new PeftFolder(path, config, weights);
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => Weights.Dispose();

    // An adapter of the model without its head has names that lack the first part: 'h.0.attn.c_attn'.
    /// <inheritdoc/>
    protected override AdaptableLinear? Find(AdaptableLinears linears, string module) => linears.FindModule(module)
        ?? linears.All.FirstOrDefault(linear => linear.Module[(linear.Module.IndexOf('.') + 1)..] == module);

    /// <inheritdoc/>
    protected override int[] StoredRows(AdaptableLinears linears, AdaptableLinear linear) =>
        linears.StoredRows(linear);

    /// <inheritdoc/>
    protected override WeightMatrix Matrix(FileTensor tensor) => Weights.Matrix(tensor);

    // PEFT makes the layers that the settings name and fills them from the file: where the two disagree, it would run
    // another adapter than this file's.
    /// <inheritdoc/>
    protected override void CheckTargets(AdaptableLinears linears, IReadOnlySet<AdaptableLinear> adapted)
    {
        if (!Config.TargetsAreComplete)
        {
            return;
        }

        foreach (AdaptableLinear linear in linears.All)
        {
            bool isTarget = Config.TargetModules.Any(linear.IsModule);
            if (isTarget != adapted.Contains(linear))
            {
                throw new AdapterException(isTarget
                    ? $"{Path} has no factors for '{linear.Module}', which its target_modules name"
                    : $"{Path} has factors for '{linear.Module}', which its target_modules do not name");
            }
        }
    }

    private void CheckSettings()
    {
        foreach ((string key, string expected) in SettingsMetadata(Config.Settings))
        {
            if (Weights.Metadata.GetValueOrDefault(key) is { } found && found != expected)
            {
                throw new AdapterException(
                    $"{Weights.Path} says {key} is {ModelFormatException.Quote(found)}, "
                    + $"but {ConfigName} says {expected}: they belong to two adapters");
            }
        }
    }

    private List<FactorPair> ReadPairs()
    {
        Dictionary<PeftFactorName, FileTensor> factors = [];
        foreach (FileTensor tensor in Weights.Tensors)
        {
            if (PeftFactorName.Parse(tensor.Name) is { } name && !factors.TryAdd(name, tensor))
            {
                throw Wrong(tensor, $"one adapter, with {ModelFormatException.Quote(factors[name].Name)} once");
            }
        }

        List<FactorPair> pairs = [];
        foreach ((PeftFactorName name, FileTensor tensor) in factors)
        {
            FileTensor? a = factors.GetValueOrDefault(name with { Kind = PeftFactorKind.A });
            FileTensor? b = factors.GetValueOrDefault(name with { Kind = PeftFactorKind.B });
            if (a is null || b is null)
            {
                throw Wrong(tensor, $"both factors of {ModelFormatException.Quote(name.Module)}");
            }

            if (name.Kind == PeftFactorKind.A)
            {
                LoraSettings settings = Config.Patterns.Apply(name.Module, Config.Settings);
                pairs.Add(Checked(new FactorPair(name.Module, a, b, settings)
                {
                    Magnitude = factors.GetValueOrDefault(name with { Kind = PeftFactorKind.Magnitude }),
                }));
            }
        }

        return pairs;
    }

    private FactorPair Checked(FactorPair pair) =>
        (pair.Magnitude, CheckedShapes(pair, ConfigName).Settings.IsWeightDecomposed) switch
        {
            (null, false) => pair,
            (null, true) => throw Wrong(pair.A, "magnitudes beside it, as use_dora asks for"),
            ({ } magnitude, false) => throw Wrong(magnitude, $"no magnitudes where {ConfigName} does not set use_dora"),
            ({ Shape: [long length] }, _) when length == pair.OutputSize => pair,
            ({ } magnitude, _) => throw Wrong(magnitude, $"a shape of [{pair.OutputSize}]"),
        };
}
