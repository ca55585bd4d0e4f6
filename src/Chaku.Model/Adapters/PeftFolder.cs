using System.Globalization;
using Chaku.Kernels.Memory;
using Chaku.Model.Files;

namespace Chaku.Model.Adapters;

/// <summary>The two factors of one module in an adapter's file, and its magnitudes.</summary>
/// <param name="Module">Its Hugging Face name.</param>
/// <param name="A">[r, in].</param>
/// <param name="B">[out, r], rows in Hugging Face's order.</param>
/// <param name="Settings">Its own rank and alpha.</param>
internal sealed record PeftPair(string Module, FileTensor A, FileTensor B, LoraSettings Settings)
{
    /// <summary>[out], rows in Hugging Face's order; null without DoRA.</summary>
    public FileTensor? Magnitude { get; init; }

    /// <summary>Columns of the changed matrix.</summary>
    public long InputSize => A.Shape[1];

    /// <summary>Rows of the changed matrix.</summary>
    public long OutputSize => B.Shape[0];
}

/// <summary>An adapter's folder, open: what it says of itself, and its factors where they lie.</summary>
internal sealed class PeftFolder : IDisposable
{
    /// <summary>The name of the file with the settings.</summary>
    public const string ConfigName = "adapter_config.json";

    /// <summary>The name of the file with the factors.</summary>
    public const string WeightsName = "adapter_model.safetensors";

    private const string AlphaKey = "chaku.alpha";
    private const string RankKey = "chaku.rank";
    private const string RankStabilisedKey = "chaku.rslora";
    private const string PickleName = "adapter_model.bin";

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

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>The settings.</summary>
    public PeftConfig Config { get; }

    /// <summary>Where it comes from.</summary>
    public AdapterOrigin Origin { get; }

    /// <summary>The file with the factors.</summary>
    public TensorFile Weights { get; }

    /// <summary>The changed modules, in the file's order.</summary>
    public IReadOnlyList<PeftPair> Pairs { get; }

    /// <summary>Why this adapter cannot be computed, a line for each reason; none where it can.</summary>
    public IReadOnlyList<string> Unsupported { get; }

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
    public static PeftFolder Open(string path)
    {
        if (!Directory.Exists(path))
        {
            throw new AdapterException(File.Exists(path)
                ? $"{path} is a file: an adapter is a folder with {ConfigName} and {WeightsName}"
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

    /// <summary>A module's factors.</summary>
    /// <param name="pair">The module.</param>
    /// <param name="storedRows">
    /// For each row of the file's B the row that it becomes; null leaves them as they are.
    /// </param>
    /// <exception cref="AdapterException">A value is no finite number.</exception>
    public LoraFactors ReadFactors(PeftPair pair, int[]? storedRows = null)
    {
        WeightMatrix a = Weights.Matrix(pair.A);
        WeightMatrix b = Weights.Matrix(pair.B);
        LoraFactors factors = new(a.Rows, a.Columns, b.Rows, pair.Settings.Scale, pair.Magnitude is not null);
        for (int row = 0; row < a.Rows; row++)
        {
            Span<float> values = factors.AValues.Slice(row * a.Columns, a.Columns);
            a.Dequantise(row, 0, values);
            CheckFinite(pair.A, values);
        }

        float[] column = new float[b.Columns];
        for (int row = 0; row < b.Rows; row++)
        {
            b.Dequantise(row, 0, column);
            CheckFinite(pair.B, column);
            for (int i = 0; i < column.Length; i++)
            {
                factors.TransposedBValues[(i * b.Rows) + (storedRows?[row] ?? row)] = column[i];
            }
        }

        if (pair.Magnitude is { } tensor)
        {
            float[] magnitude = Weights.Singles(tensor);
            CheckFinite(tensor, magnitude);
            for (int row = 0; row < magnitude.Length; row++)
            {
                factors.Magnitude![storedRows?[row] ?? row] = magnitude[row];
            }
        }

        return factors;
    }

    /// <summary>Unmaps the file; the tensors are dead from then on.</summary>
    public void Dispose() => Weights.Dispose();

    private void CheckFinite(FileTensor tensor, ReadOnlySpan<float> values)
    {
        foreach (float value in values)
        {
            if (!float.IsFinite(value))
            {
                throw new AdapterException($"{Weights.Path}: expected numbers in {tensor}, found {value}");
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

    private List<PeftPair> ReadPairs()
    {
        Dictionary<PeftFactorName, FileTensor> factors = [];
        foreach (FileTensor tensor in Weights.Tensors)
        {
            if (PeftFactorName.Parse(tensor.Name) is { } name && !factors.TryAdd(name, tensor))
            {
                throw Wrong(tensor, $"one adapter, with {ModelFormatException.Quote(factors[name].Name)} once");
            }
        }

        List<PeftPair> pairs = [];
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
                pairs.Add(Checked(new PeftPair(name.Module, a, b, settings)
                {
                    Magnitude = factors.GetValueOrDefault(name with { Kind = PeftFactorKind.Magnitude }),
                }));
            }
        }

        return pairs;
    }

    private PeftPair Checked(PeftPair pair)
    {
        int rank = pair.Settings.Rank;
        if (pair.A.Shape is not [_, > 0] || pair.A.Shape[0] != rank)
        {
            throw Wrong(pair.A, $"a shape of [{rank}, inputs], as {ConfigName} says");
        }

        if (pair.B.Shape is not [> 0, _] || pair.B.Shape[1] != rank)
        {
            throw Wrong(pair.B, $"a shape of [outputs, {rank}], as {ConfigName} says");
        }

        return (pair.Magnitude, pair.Settings.IsWeightDecomposed) switch
        {
            (null, false) => pair,
            (null, true) => throw Wrong(pair.A, "magnitudes beside it, as use_dora asks for"),
            ({ } magnitude, false) => throw Wrong(magnitude, $"no magnitudes where {ConfigName} does not set use_dora"),
            ({ Shape: [long length] }, _) when length == pair.OutputSize => pair,
            ({ } magnitude, _) => throw Wrong(magnitude, $"a shape of [{pair.OutputSize}]"),
        };
    }

    private AdapterException Wrong(FileTensor tensor, string expected) =>
        new($"{Weights.Path}: expected {expected}, found {tensor}");
}
