using Chaku.Kernels.Formats;
using Chaku.Kernels.Memory;
using Chaku.Model.Adapters;
using Chaku.Model.Decoding;
using Chaku.Model.Files;

namespace Chaku.Model.Families;

/// <summary>
/// Writes a model that was trained whole: the tensors of its base's file in float32, and the base's metadata.
/// </summary>
internal static class GgufModelWriter
{
    private const string OwnPrefix = "chaku.";

    // GGUF's number for a file whose tensors are all float32.
    private const uint AllSingles = 0;

    /// <summary>Writes a file whole or not at all: the same weights and origin give the same bytes.</summary>
    /// <param name="path">The file; its folder exists.</param>
    /// <param name="source">The base.</param>
    /// <param name="weights">The weights, float32 in memory.</param>
    /// <param name="origin">Where the model comes from, which is added to the metadata.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(
        string path, GgufSource source, DecoderWeights weights, AdapterOrigin origin)
    {
        Dictionary<string, NamedWeights> trained = WeightList.Of(weights).ToDictionary(tensor => tensor.Name);
        TensorSource[] tensors =
            [.. source.File.Tensors.Select(tensor => Source(source.File, tensor, trained, weights))];
        GgufWriter.Write(path, MetadataOf(path, source.File.Metadata, origin), tensors);
    }

    private static Metadata MetadataOf(string path, Metadata source, AdapterOrigin origin)
    {
        Metadata metadata = new(path);
        foreach (MetadataValue value in source)
        {
            if (value.Key == GgufKeys.FileType)
            {
                metadata.Add(GgufKeys.FileType, AllSingles);
            }
            else if (!value.Key.StartsWith(OwnPrefix, StringComparison.Ordinal)
                && !value.Key.StartsWith(GgufKeys.License, StringComparison.Ordinal))
            {
                metadata.TryAdd(value);
            }
        }

        // What the data ask for binds the model as well, and whoever tunes it further.
        metadata.Add(GgufKeys.License, origin.Terms);
        foreach ((string key, string value) in
            AdapterMetadata.Write(origin).OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            metadata.Add(key, value);
        }

        return metadata;
    }

    private static TensorSource Source(
        GgufFile file, GgufTensor tensor, Dictionary<string, NamedWeights> trained, DecoderWeights weights)
    {
        if (trained.TryGetValue(tensor.Name, out NamedWeights? own))
        {
            return own.Matrix is { } matrix
                ? Singles(tensor, [matrix])
                : TensorSource.FromSingles(tensor.Name, tensor.Dimensions, own.Vector);
        }

        // Experts lie one after the other in one tensor.
        string module = tensor.Name[..Math.Max(0, tensor.Name.LastIndexOf('.'))];
        if (trained.ContainsKey(module + ".0"))
        {
            int count = (int)tensor.Dimensions[2];
            return Singles(tensor, [.. Enumerable.Range(0, count).Select(i => trained[$"{module}.{i}"].Matrix!)]);
        }

        // A copy of the embedding as the head; anything else is no weight that is trained.
        return tensor.Name == DecoderWeightsReader.OutputHead
            ? Singles(tensor, [weights.TokenEmbedding.Weight])
            : new TensorSource(tensor.Name, tensor.Format, tensor.Dimensions, stream => file.CopyTo(tensor, stream));
    }

    private static TensorSource Singles(GgufTensor tensor, IReadOnlyList<WeightMatrix> matrices) =>
        new(tensor.Name, TensorFormats.F32, tensor.Dimensions, stream =>
        {
            foreach (WeightMatrix matrix in matrices)
            {
                for (int row = 0; row < matrix.Rows; row++)
                {
                    stream.Write(matrix.Row(row));
                }
            }
        });
}
