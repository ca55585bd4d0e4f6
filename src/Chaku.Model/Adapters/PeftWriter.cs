using System.Runtime.InteropServices;
using Chaku.Kernels.Formats;
using Chaku.Model.Files;

namespace Chaku.Model.Adapters;

/// <summary>Writes an adapter as a folder in PEFT's format: the same adapter gives the same bytes.</summary>
internal static class PeftWriter
{
    /// <summary>
    /// Writes an adapter whole or not at all; one that is there already stays until the new one is complete.
    /// </summary>
    /// <param name="path">The folder; made where it is missing.</param>
    /// <param name="adapter">The adapter.</param>
    /// <param name="linears">Its base's linear layers.</param>
    /// <param name="create">Creates a file under its temporary name; null for the disk's.</param>
    /// <exception cref="IOException">The folder or a file cannot be written.</exception>
    public static void Write(
        string path, LoraAdapter adapter, AdaptableLinears linears, Func<string, Stream>? create = null)
    {
        HashSet<AdaptableLinear> adapted =
            [.. linears.All.Where(linear => adapter.Factors.ContainsKey(linear.Linear.Name))];
        if (adapted.Count != adapter.Factors.Count)
        {
            throw new ArgumentException(
                $"of {adapter.Factors.Count} changed matrices, the model has {adapted.Count}", nameof(adapter));
        }

        LoraSettings settings = SettingsOfAll(adapter);
        byte[] config = new PeftConfig
        {
            Settings = settings,
            TargetModules = linears.TargetModules(adapted),
            BaseName = adapter.Origin.BaseName,
        }.ToJson();
        Dictionary<string, string> metadata = AdapterMetadata.Write(adapter.Origin);
        foreach ((string key, string value) in PeftFolder.SettingsMetadata(settings))
        {
            metadata.Add(key, value);
        }

        // PyTorch's readers look for it.
        metadata.Add("format", "pt");
        TensorSource[] tensors =
            [.. linears.All.Where(adapted.Contains).SelectMany(linear => Tensors(linear, adapter, linears))];
        WriteFolder(
            path,
            [
                (PeftFolder.ConfigName, stream => stream.Write(config)),
                (PeftFolder.WeightsName, stream => SafetensorsWriter.Write(stream, metadata, tensors)),
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

    private static LoraSettings SettingsOfAll(LoraAdapter adapter)
    {
        LoraSettings settings = adapter.Settings;
        return adapter.Factors.Values.All(pair => pair.Rank == settings.Rank && pair.Scale == settings.Scale
                && pair.Magnitude is not null == settings.IsWeightDecomposed)
            ? settings
            : throw new ArgumentException("factors with a rank or scale of their own are not written", nameof(adapter));
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
