using Chaku.Kernels.Memory;
using Chaku.Model.Files;
using Chaku.Model.Licenses;

namespace Chaku.Model.Adapters;

/// <summary>The two factors of one matrix in an adapter's file, and its magnitudes.</summary>
/// <param name="Module">The matrix's name, as the file has it.</param>
/// <param name="A">[r, in].</param>
/// <param name="B">[out, r], rows in the file's order.</param>
/// <param name="Settings">Its own rank and alpha.</param>
internal sealed record FactorPair(string Module, FileTensor A, FileTensor B, LoraSettings Settings)
{
    /// <summary>[out], rows in the file's order; null without DoRA.</summary>
    public FileTensor? Magnitude { get; init; }

    /// <summary>Columns of the changed matrix.</summary>
    public long InputSize => A.Shape[1];

    /// <summary>Rows of the changed matrix.</summary>
    public long OutputSize => B.Shape[0];
}

/// <summary>
/// An adapter in its files, open, whatever kind they are: what it says of itself, and its factors where they lie.
/// </summary>
internal abstract class AdapterSource : IDisposable
{
    // Factors are held as float32, in one piece each.
    private const int MostFactorLength = int.MaxValue / sizeof(float);

    /// <summary>The file or the folder.</summary>
    public abstract string Path { get; }

    /// <summary>The kind of its files.</summary>
    public abstract AdapterContainer Container { get; }

    /// <summary>Rank and alpha of all factors that have none of their own.</summary>
    public abstract LoraSettings Settings { get; }

    /// <summary>Where it comes from.</summary>
    public abstract AdapterOrigin Origin { get; }

    /// <summary>The terms that it is under; null where nothing says so.</summary>
    public abstract StatedLicense? License { get; }

    /// <summary>What the file says beside its tensors, as texts.</summary>
    public abstract IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The tensors, in the file's order.</summary>
    public abstract IReadOnlyList<FileTensor> Tensors { get; }

    /// <summary>The tensors, for their hash.</summary>
    public abstract ModelContent Content { get; }

    /// <summary>The changed matrices, in the file's order.</summary>
    public abstract IReadOnlyList<FactorPair> Pairs { get; }

    /// <summary>Names of the changed modules, whole or their last parts; none where a pattern names them.</summary>
    public abstract IReadOnlyList<string> TargetModules { get; }

    /// <summary>Modules that the adapter replaces whole.</summary>
    public virtual IReadOnlyList<string> ModulesToSave => [];

    /// <summary>Whether the base keeps its matrices transposed; the factors themselves are not.</summary>
    public virtual bool IsFanInFanOut => false;

    /// <summary>Why this adapter cannot be computed, a line for each reason; none where it can.</summary>
    public abstract IReadOnlyList<string> Unsupported { get; }

    /// <summary>The file with the factors, for messages.</summary>
    protected abstract string WeightsPath { get; }

    /// <summary>Opens an adapter, and checks all that can be checked without a model.</summary>
    /// <exception cref="AdapterException">It is no LoRA adapter, or an incomplete one.</exception>
    /// <exception cref="ModelFormatException">A file is broken.</exception>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Reading is not permitted.</exception>
    public static AdapterSource Open(string path)
    {
        if (!System.IO.Path.Exists(path))
        {
            throw new AdapterException($"{path}: there is no such file or folder");
        }

        // What is none of them is opened as the kind that its name promises, which says what is missing.
        AdapterContainer container = AdapterContainers.Find(path) ?? AdapterContainers.Named(path);
        return container.Open(path);
    }

    /// <summary>Reads the factors of all matrices for a model.</summary>
    /// <param name="model">The base.</param>
    /// <param name="linears">Its linear layers.</param>
    /// <exception cref="AdapterException">It is of another model, or a value is no finite number.</exception>
    public LoraAdapter Read(LanguageModel model, AdaptableLinears linears)
    {
        CheckModel(model);
        Dictionary<string, LoraFactors> factors = new(StringComparer.Ordinal);
        HashSet<AdaptableLinear> adapted = [];
        foreach (FactorPair pair in Pairs)
        {
            AdaptableLinear linear = Find(linears, pair.Module) ?? throw new AdapterException(
                $"{Path} changes {ModelFormatException.Quote(pair.Module)}, "
                + "which is no linear layer of this model");
            if (pair.InputSize != linear.Linear.InputSize || pair.OutputSize != linear.Linear.OutputSize)
            {
                throw new AdapterException(
                    $"{Path} changes {ModelFormatException.Quote(pair.Module)} as "
                    + $"[{pair.OutputSize}, {pair.InputSize}], but this model's is "
                    + $"[{linear.Linear.OutputSize}, {linear.Linear.InputSize}]");
            }

            if (!adapted.Add(linear))
            {
                throw new AdapterException($"{Path} changes '{linear.Module}' twice, by two names");
            }

            factors.Add(linear.Linear.Name, ReadFactors(pair, StoredRows(linears, linear)));
        }

        CheckTargets(linears, adapted);
        return new LoraAdapter(factors, Settings, Origin);
    }

    /// <summary>A matrix's factors.</summary>
    /// <param name="pair">The matrix.</param>
    /// <param name="storedRows">
    /// For each row of the file's B the row that it becomes; null leaves them as they are.
    /// </param>
    /// <exception cref="AdapterException">A value is no finite number.</exception>
    public LoraFactors ReadFactors(FactorPair pair, int[]? storedRows = null)
    {
        WeightMatrix a = Matrix(pair.A);
        WeightMatrix b = Matrix(pair.B);
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

        ReadMagnitudes(pair, storedRows, factors);
        return factors;
    }

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>The layer that a matrix's name in the file means; null where there is none.</summary>
    protected abstract AdaptableLinear? Find(AdaptableLinears linears, string module);

    /// <summary>For each row of a matrix in the file's order, the row of the model's matrix that it is.</summary>
    protected abstract int[] StoredRows(AdaptableLinears linears, AdaptableLinear linear);

    /// <summary>A tensor as [outermost dimension, the others], read where it lies.</summary>
    protected abstract WeightMatrix Matrix(FileTensor tensor);

    /// <summary>Refuses a model that the file says it is not for.</summary>
    /// <exception cref="AdapterException">It says so.</exception>
    protected virtual void CheckModel(LanguageModel model)
    {
    }

    /// <summary>Refuses factors for other layers than the file says it changes.</summary>
    /// <exception cref="AdapterException">The two disagree.</exception>
    protected virtual void CheckTargets(AdaptableLinears linears, IReadOnlySet<AdaptableLinear> adapted)
    {
    }

    /// <summary>A pair whose shapes are those of two factors of its rank.</summary>
    /// <param name="pair">The pair.</param>
    /// <param name="source">What says the rank, for messages.</param>
    /// <exception cref="AdapterException">They are not.</exception>
    protected FactorPair CheckedShapes(FactorPair pair, string source)
    {
        int rank = pair.Settings.Rank;
        if (pair.A.Shape is not [_, > 0] || pair.A.Shape[0] != rank)
        {
            throw Wrong(pair.A, $"a shape of [{rank}, inputs], as {source} says");
        }

        if (pair.B.Shape is not [> 0, _] || pair.B.Shape[1] != rank)
        {
            throw Wrong(pair.B, $"a shape of [outputs, {rank}], as {source} says");
        }

        return Math.Max(pair.A.ElementCount, pair.B.ElementCount) <= MostFactorLength
            ? pair
            : throw Wrong(
                pair.A.ElementCount > MostFactorLength ? pair.A : pair.B, $"a factor of at most {MostFactorLength}");
    }

    /// <summary>The error that a tensor is not as it must be.</summary>
    protected AdapterException Wrong(FileTensor tensor, string expected) =>
        new($"{WeightsPath}: expected {expected}, found {tensor}");

    private void ReadMagnitudes(FactorPair pair, int[]? storedRows, LoraFactors factors)
    {
        if (pair.Magnitude is not { } tensor)
        {
            return;
        }

        float[] magnitude = new float[factors.OutputSize];
        Matrix(tensor).Dequantise(0, 0, magnitude);
        CheckFinite(tensor, magnitude);
        for (int row = 0; row < magnitude.Length; row++)
        {
            factors.Magnitude![storedRows?[row] ?? row] = magnitude[row];
        }
    }

    private void CheckFinite(FileTensor tensor, ReadOnlySpan<float> values)
    {
        foreach (float value in values)
        {
            if (!float.IsFinite(value))
            {
                throw new AdapterException($"{WeightsPath}: expected numbers in {tensor}, found {value}");
            }
        }
    }
}
