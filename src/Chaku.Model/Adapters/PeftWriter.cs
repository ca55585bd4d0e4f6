using System.Runtime.InteropServices;
using System.Text;
using Chaku.Kernels.Formats;
using Chaku.Model.Conversion;
using Chaku.Model.Files;

namespace Chaku.Model.Adapters;

/// <summary>Writes an adapter as a folder in PEFT's format: the same adapter gives the same bytes.</summary>
internal static class PeftWriter
{
    private const string CardName = "README.md";

    /// <summary>
    /// Writes an adapter whole or not at all; one that is there already stays until the new one is complete.
    /// </summary>
    /// <param name="path">The folder; made where it is missing.</param>
    /// <param name="adapter">The adapter.</param>
    /// <param name="linears">Its base's linear layers.</param>
    /// <param name="create">Creates a file under its temporary name; null for the disk's.</param>
    /// <param name="origin">
    /// What it was made from, which the file and a card say; null for one that was trained.
    /// </param>
    /// <exception cref="ArgumentException">A factor's scale is its own, or magnitudes are not everywhere.</exception>
    /// <exception cref="IOException">The folder or a file cannot be written.</exception>
    public static void Write(
        string path,
        LoraAdapter adapter,
        AdaptableLinears linears,
        Func<string, Stream>? create = null,
        FileOrigin? origin = null)
    {
        HashSet<AdaptableLinear> adapted =
            [.. linears.All.Where(linear => adapter.Factors.ContainsKey(linear.Linear.Name))];
        if (adapted.Count != adapter.Factors.Count)
        {
            throw new ArgumentException(
                $"of {adapter.Factors.Count} changed matrices, the model has {adapted.Count}", nameof(adapter));
        }

        CheckSettings(adapter);
        byte[] config = new PeftConfig
        {
            Settings = adapter.Settings,
            TargetModules = linears.TargetModules(adapted),
            BaseName = adapter.Origin.BaseName,
            Patterns = PeftPatterns.OfRanks(OwnRanks(adapter, linears)),
        }.ToJson();
        Dictionary<string, string> metadata = MetadataOf(adapter, origin);
        TensorSource[] tensors =
            [.. linears.All.Where(adapted.Contains).SelectMany(linear => Tensors(linear, adapter, linears))];
        byte[] card = Encoding.UTF8.GetBytes(origin is null ? "" : FolderCard.Of(
            origin,
            PathText.NameOf(path),
            "A LoRA adapter in PEFT's format, converted from another format without a change of what it computes."));
        WriteFolder(
            path,
            [
                (PeftFolder.ConfigName, stream => stream.Write(config)),
                (PeftFolder.WeightsName, stream => SafetensorsWriter.Write(stream, metadata, tensors)),
                .. origin is null ? [] : ((string, Action<Stream>)[])[(CardName, stream => stream.Write(card))],
            ],
            create);
    }

    /// <summary>Refuses, before work is spent, a folder that could not be written.</summary>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public static void RequireWritable(string path)
    {
        bool isNew = !Directory.Exists(path);
        CreateFolder(path);
        try
        {
            using FileStream probe = new(
                Path.Combine(path, $".{Guid.NewGuid():N}"), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1,
                FileOptions.DeleteOnClose);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new IOException($"{path} cannot be written: {exception.Message}", exception);
        }
        finally
        {
            if (isNew)
            {
                RemoveEmpty(path);
            }
        }
    }

    // A rank may be a module's own, and is known by its name; what would be a scale of its own is the caller's to fold.
    private static void CheckSettings(LoraAdapter adapter)
    {
        LoraSettings settings = adapter.Settings;
        foreach ((string name, LoraFactors pair) in adapter.Factors)
        {
            float scale = (settings with { Rank = pair.Rank }).Scale;
            if (pair.Scale != scale || pair.Magnitude is not null != settings.IsWeightDecomposed)
            {
                string magnitudes = settings.IsWeightDecomposed ? "everywhere" : "nowhere";
                throw new ArgumentException(
                    $"expected a scale of {scale} for rank {pair.Rank} and magnitudes {magnitudes}; "
                    + $"'{name}' has a scale of {pair.Scale} and {pair.Magnitude?.Length ?? 0} magnitudes",
                    nameof(adapter));
            }
        }
    }

    private static IEnumerable<KeyValuePair<string, int>> OwnRanks(LoraAdapter adapter, AdaptableLinears linears) =>
        from linear in linears.All
        where adapter.Factors.ContainsKey(linear.Linear.Name)
        let rank = adapter.Factors[linear.Linear.Name].Rank
        where rank != adapter.Settings.Rank
        select KeyValuePair.Create(linear.Module, rank);

    private static Dictionary<string, string> MetadataOf(LoraAdapter adapter, FileOrigin? origin)
    {
        Dictionary<string, string> metadata = AdapterMetadata.Write(adapter.Origin);
        foreach ((string key, string value) in PeftFolder.SettingsMetadata(adapter.Settings))
        {
            metadata.Add(key, value);
        }

        foreach ((string key, string value) in origin?.Fields() ?? [])
        {
            metadata.Add(key, value);
        }

        // PyTorch's readers look for it.
        metadata.Add("format", "pt");
        return metadata;
    }

    private static void WriteFolder(
        string path, (string Name, Action<Stream> Write)[] files, Func<string, Stream>? create)
    {
        bool isNew = !Directory.Exists(path);
        CreateFolder(path);
        try
        {
            AtomicFile.WriteAll([.. files.Select(file => (Path.Combine(path, file.Name), file.Write))], create);
        }
        catch when (isNew)
        {
            RemoveEmpty(path);
            throw;
        }
    }

    private static void CreateFolder(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{path} cannot be written: {exception.Message}", exception);
        }
    }

    private static void RemoveEmpty(string path)
    {
        try
        {
            Directory.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The error that led here says what is wrong; a second one would hide it.
            return;
        }
    }

    private static IEnumerable<TensorSource> Tensors(
        AdaptableLinear linear, LoraAdapter adapter, AdaptableLinears linears)
    {
        LoraFactors factors = adapter.Factors[linear.Linear.Name];
        int[] storedRows = linears.StoredRows(linear);
        yield return new TensorSource(
            new PeftFactorName(linear.Module, PeftFactorKind.A).ToString(),
            TensorFormats.F32,
            [factors.Rank, factors.InputSize],
            stream => stream.Write(MemoryMarshal.AsBytes(factors.AValues)));
        yield return new TensorSource(
            new PeftFactorName(linear.Module, PeftFactorKind.B).ToString(),
            TensorFormats.F32,
            [factors.OutputSize, factors.Rank],
            stream => WriteB(stream, factors, storedRows));
        if (factors.Magnitude is { } magnitude)
        {
            yield return TensorSource.FromSingles(
                new PeftFactorName(linear.Module, PeftFactorKind.Magnitude).ToString(),
                [factors.OutputSize],
                Array.ConvertAll(storedRows, row => magnitude[row]));
        }
    }

    private static void WriteB(Stream stream, LoraFactors factors, int[] storedRows)
    {
        float[] row = new float[factors.Rank];
        foreach (int ggufRow in storedRows)
        {
            for (int i = 0; i < row.Length; i++)
            {
                row[i] = factors.TransposedBValues[(i * factors.OutputSize) + ggufRow];
            }

            stream.Write(MemoryMarshal.AsBytes(row.AsSpan()));
        }
    }
}
