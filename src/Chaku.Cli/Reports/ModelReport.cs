using System.Globalization;
using Chaku.Model.Files;

namespace Chaku.Cli.Reports;

/// <summary>What a GGUF file says of itself, whether or not this software can run it.</summary>
internal static class ModelReport
{
    /// <summary>Reads the header; a hash where it was asked for.</summary>
    public static FileReport Create(GgufFile file, string? contentHash)
    {
        List<(string Field, object? Value)> facts =
        [
            ("kind", "model"),
            ("file", file.Path),
            ("gguf_version", (long)file.Version),
            ("byte_length", file.Length),
            ("architecture", Text(file, "general.architecture")),
            ("name", Text(file, "general.name")),
            ("license", Text(file, "general.license")),
            ("parameter_count", file.Tensors.Sum(tensor => tensor.ElementCount)),
        ];
        if (contentHash is not null)
        {
            facts.Add(("content_hash", contentHash));
        }

        return new FileReport
        {
            Facts = facts,
            Metadata = [.. file.Metadata.Select(value => (value.Key, Value(value)))],
            Tensors =
            [
                .. file.Tensors.Select(tensor => new TensorLine(
                    tensor.Name, tensor.Format.Name, [.. tensor.Dimensions.Reverse()], tensor.ByteLength)),
            ],
        };
    }

    private static string? Text(GgufFile file, string key) =>
        file.Metadata.Find(key) is { Type: GgufValueType.String } value ? value.AsString() : null;

    private static object Value(MetadataValue value) => value.Content switch
    {
        byte[] => value.AsString(),
        bool isSo => isSo,
        float or double => Convert.ToDouble(value.Content, CultureInfo.InvariantCulture),
        ulong and > long.MaxValue => value.ToString(),
        GgufArray => value.ToString(),
        _ => Convert.ToInt64(value.Content, CultureInfo.InvariantCulture),
    };
}
