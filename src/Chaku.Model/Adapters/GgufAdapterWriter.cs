using System.Runtime.InteropServices;
using Chaku.Kernels.Formats;
using Chaku.Model.Conversion;
using Chaku.Model.Families;
using Chaku.Model.Files;

namespace Chaku.Model.Adapters;

/// <summary>Writes an adapter as a GGUF file, as llama.cpp reads it: the same adapter gives the same bytes.</summary>
internal static class GgufAdapterWriter
{
    /// <summary>Writes an adapter whole or not at all.</summary>
    /// <param name="path">The file; its folder exists.</param>
    /// <param name="adapter">The adapter.</param>
    /// <param name="linears">Its base's linear layers.</param>
    /// <param name="origin">What it was made from, the adapter last.</param>
    /// <returns>What the user should know about how it was written, a line each.</returns>
    /// <exception cref="AdapterException">The format cannot hold it.</exception>
    /// <exception cref="ArgumentException">It changes matrices that the model does not have.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static IReadOnlyList<string> Write(
        string path, LoraAdapter adapter, AdaptableLinears linears, FileOrigin origin)
    {
        AdaptableLinear[] adapted =
            [.. linears.All.Where(linear => adapter.Factors.ContainsKey(linear.Linear.Name))];
        if (adapted.Length != adapter.Factors.Count)
        {
            throw new ArgumentException(
                $"of {adapter.Factors.Count} changed matrices, the model has {adapted.Length}", nameof(adapter));
        }

        if (adapter.Factors.FirstOrDefault(entry => entry.Value.Magnitude is not null) is { Key: { } decomposed })
        {
            throw new AdapterException(
                $"'{decomposed}' has magnitudes of DoRA, for which a GGUF adapter has no place; "
                + "chaku merge makes one file of model and adapter");
        }

        UniformAlpha alpha = new(adapter);
        TensorSource[] tensors =
        [
            .. adapted.SelectMany(linear => Tensors(
                linear, adapter.Factors[linear.Linear.Name], linears.StoredRowsOfGguf(linear), alpha)),
        ];
        GgufWriter.Write(path, MetadataOf(path, adapter, linears.Source, origin, alpha.Alpha), tensors);
        return alpha.Notices;
    }

    private static Metadata MetadataOf(
        string path, LoraAdapter adapter, ModelSource source, FileOrigin origin, float alpha)
    {
        Metadata metadata = new(path);
        metadata.Add(GgufAdapterKeys.Type, GgufAdapterKeys.Adapter);
        metadata.Add(ModelFamilies.ArchitectureKey, source.Family.Architectures[0]);
        metadata.Add(GgufAdapterKeys.Name, origin.Sources[^1].Name);
        if (adapter.Origin.BaseName is { Length: > 0 } baseName)
        {
            metadata.Add(GgufAdapterKeys.BaseCount, 1u);
            metadata.Add(GgufAdapterKeys.BaseName, baseName);
        }

        metadata.Add(GgufAdapterKeys.AdapterType, GgufAdapterKeys.Lora);
        metadata.Add(GgufAdapterKeys.Alpha, alpha);
        foreach ((string key, string value) in
            AdapterMetadata.Write(adapter.Origin).OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            metadata.Add(key, value);
        }

        origin.AddTo(metadata);
        return metadata;
    }

    private static TensorSource[] Tensors(
        AdaptableLinear linear, LoraFactors factors, int[] storedRows, UniformAlpha alpha)
    {
        string name = linear.Linear.Name;
        float[] transposedB = alpha.TransposedB(name, factors);
        return
        [
            new TensorSource(
                name + GgufAdapterKeys.PartA,
                TensorFormats.F32,
                [factors.InputSize, factors.Rank],
                stream => stream.Write(MemoryMarshal.AsBytes(factors.AValues))),
            new TensorSource(
                name + GgufAdapterKeys.PartB,
                TensorFormats.F32,
                [factors.Rank, factors.OutputSize],
                stream => WriteB(stream, transposedB, storedRows)),
        ];
    }

    private static void WriteB(Stream stream, float[] transposedB, int[] storedRows)
    {
        float[] row = new float[transposedB.Length / storedRows.Length];
        foreach (int stored in storedRows)
        {
            for (int i = 0; i < row.Length; i++)
            {
                row[i] = transposedB[(i * storedRows.Length) + stored];
            }

            stream.Write(MemoryMarshal.AsBytes(row.AsSpan()));
        }
    }
}
