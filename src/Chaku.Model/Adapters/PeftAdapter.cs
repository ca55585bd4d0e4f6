using Chaku.Kernels.Memory;
using Chaku.Model.Files;

namespace Chaku.Model.Adapters;

/// <summary>An adapter that was read for a model.</summary>
/// <param name="Adapter">The adapter.</param>
/// <param name="Notices">What the user should know about how it was read, a line each.</param>
internal sealed record LoadedAdapter(LoraAdapter Adapter, IReadOnlyList<string> Notices);

/// <summary>Reads a folder in PEFT's format as an adapter of one model.</summary>
/// <remarks>The format, and what is added to it, are described in docs/formats/adapter.md.</remarks>
internal static class PeftAdapter
{
    private const int HashDigitsShown = 12;

    /// <summary>Reads an adapter.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="model">The base.</param>
    /// <param name="hashes">Knows or computes the base's content hash, if the adapter names one.</param>
    /// <param name="progress">Told bytes done and bytes in all while the base's hash is computed.</param>
    /// <param name="cancellation">Stops computing it.</param>
    /// <exception cref="AdapterException">
    /// It is of another base, of another kind, broken, or changes nothing.
    /// </exception>
    /// <exception cref="ModelFormatException">The factors' file is broken.</exception>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static LoadedAdapter Read(
        string path,
        LanguageModel model,
        ContentHashCache hashes,
        Action<long, long>? progress = null,
        CancellationToken cancellation = default)
    {
        using PeftFolder folder = PeftFolder.Open(path);
        if (folder.Unsupported is [string reason, ..])
        {
            throw new AdapterException(reason);
        }

        List<string> notices = [];
        if (folder.Origin.BaseSha256 is not { } expected)
        {
            notices.Add($"{path} does not say which base it was made for: only its shapes are known to fit");
        }
        else if (hashes.GetOrCompute(model.Source.Content, progress, cancellation) is var found && found != expected)
        {
            throw new AdapterException(
                $"{path} was made for another base, {NameOf(folder)} of content hash {Abbreviated(expected)}; "
                + $"{Path.GetFileName(model.Path)} has {Abbreviated(found)}");
        }

        return new LoadedAdapter(Read(folder, AdaptableLinears.Of(model)), notices);
    }

    private static LoraAdapter Read(PeftFolder folder, AdaptableLinears linears)
    {
        Dictionary<string, LoraFactors> factors = new(StringComparer.Ordinal);
        HashSet<AdaptableLinear> adapted = [];
        foreach (PeftPair pair in folder.Pairs)
        {
            AdaptableLinear linear = FindModule(linears, pair.Module) ?? throw new AdapterException(
                $"{folder.Path} changes {ModelFormatException.Quote(pair.Module)}, "
                + "which is no linear layer of this model");
            if (pair.InputSize != linear.Linear.InputSize || pair.OutputSize != linear.Linear.OutputSize)
            {
                throw new AdapterException(
                    $"{folder.Path} changes {ModelFormatException.Quote(pair.Module)} as "
                    + $"[{pair.OutputSize}, {pair.InputSize}], but this model's is "
                    + $"[{linear.Linear.OutputSize}, {linear.Linear.InputSize}]");
            }

            if (!adapted.Add(linear))
            {
                throw new AdapterException($"{folder.Path} changes '{linear.Module}' twice, by two names");
            }

            factors.Add(linear.Linear.Name, ReadFactors(folder, pair, linears.StoredRows(linear)));
        }

        CheckTargets(folder, linears, adapted);
        LoraAdapter adapter = new(factors, folder.Config.Settings, folder.Origin);
        return adapter.ChangesSomething || HasOtherMagnitudes(adapter, adapted, linears)
            ? adapter
            : throw new AdapterException($"{folder.Path} changes nothing: one factor of every pair is zero");
    }

    // An adapter of the model without its head has names that lack the first part: 'h.0.attn.c_attn'.
    private static AdaptableLinear? FindModule(AdaptableLinears linears, string module) => linears.FindModule(module)
        ?? linears.All.FirstOrDefault(linear => linear.Module[(linear.Module.IndexOf('.') + 1)..] == module);

    private static LoraFactors ReadFactors(PeftFolder folder, PeftPair pair, int[] storedRows)
    {
        WeightMatrix a = folder.Weights.Matrix(pair.A);
        WeightMatrix b = folder.Weights.Matrix(pair.B);
        LoraFactors factors = new(a.Rows, a.Columns, b.Rows, pair.Settings.Scale, pair.Magnitude is not null);
        for (int row = 0; row < a.Rows; row++)
        {
            Span<float> values = factors.AValues.Slice(row * a.Columns, a.Columns);
            a.Dequantise(row, 0, values);
            CheckFinite(folder, pair.A, values);
        }

        float[] column = new float[b.Columns];
        for (int row = 0; row < b.Rows; row++)
        {
            b.Dequantise(row, 0, column);
            CheckFinite(folder, pair.B, column);
            for (int i = 0; i < column.Length; i++)
            {
                factors.TransposedBValues[(i * b.Rows) + storedRows[row]] = column[i];
            }
        }

        if (pair.Magnitude is { } tensor)
        {
            float[] magnitude = folder.Weights.Singles(tensor);
            CheckFinite(folder, tensor, magnitude);
            for (int row = 0; row < magnitude.Length; row++)
            {
                factors.Magnitude![storedRows[row]] = magnitude[row];
            }
        }

        return factors;
    }

    // Magnitudes alone may make a difference too; those of the base itself, rounded to BF16, make none.
    private static bool HasOtherMagnitudes(
        LoraAdapter adapter, HashSet<AdaptableLinear> adapted, AdaptableLinears linears)
    {
        const float Rounding = 1f / 256;
        foreach (AdaptableLinear linear in adapted)
        {
            if (adapter.Factors[linear.Linear.Name].Magnitude is not { } magnitude)
            {
                continue;
            }

            float[] norms = linears.RowNorms(linear);
            for (int row = 0; row < norms.Length; row++)
            {
                if (MathF.Abs(magnitude[row] - norms[row]) > Rounding * norms[row])
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static void CheckFinite(PeftFolder folder, FileTensor tensor, ReadOnlySpan<float> values)
    {
        foreach (float value in values)
        {
            if (!float.IsFinite(value))
            {
                throw new AdapterException($"{folder.Weights.Path}: expected numbers in {tensor}, found {value}");
            }
        }
    }

    // PEFT makes the layers that the settings name and fills them from the file: where the two disagree, it would run
    // another adapter than this file's.
    private static void CheckTargets(PeftFolder folder, AdaptableLinears linears, HashSet<AdaptableLinear> adapted)
    {
        if (!folder.Config.TargetsAreComplete)
        {
            return;
        }

        foreach (AdaptableLinear linear in linears.All)
        {
            bool isTarget = folder.Config.TargetModules.Any(linear.IsModule);
            if (isTarget != adapted.Contains(linear))
            {
                throw new AdapterException(isTarget
                    ? $"{folder.Path} has no factors for '{linear.Module}', which its target_modules name"
                    : $"{folder.Path} has factors for '{linear.Module}', which its target_modules do not name");
            }
        }
    }

    private static string NameOf(PeftFolder folder) =>
        folder.Origin.BaseName is { Length: > 0 } name ? ModelFormatException.Quote(name) : "one";

    private static string Abbreviated(string hash) => hash[..HashDigitsShown] + "…";
}
