using System.Globalization;
using Chaku.Model.Families;
using Chaku.Model.Files;

namespace Chaku.Cli.Reports;

/// <summary>What a model's files say of themselves, whether or not this software can run it.</summary>
internal static class ModelReport
{
    /// <summary>Reads a GGUF file's header; a hash where it was asked for.</summary>
    public static FileReport Create(GgufFile file, string? contentHash) => Create(
        [
            ("kind", "model"),
            ("file", file.Path),
            ("gguf_version", (long)file.Version),
            ("byte_length", file.Length),
            ("architecture", Text(file.Metadata, "general.architecture")),
            ("name", Text(file.Metadata, "general.name")),
            ("license", GgufSource.LicenseOf(file)?.Name),
        ],
        contentHash,
        file.Metadata,
        file.Tensors.Select(tensor => new TensorLine(
            tensor.Name, tensor.Format.Name, [.. tensor.Dimensions.Reverse()], tensor.ByteLength)));

    /// <summary>Reads a Hugging Face folder's <c>config.json</c> and its weights' headers.</summary>
    public static FileReport Create(string path, Metadata config, TensorFolder folder, string? contentHash) => Create(
        [
            ("kind", "model"),
            ("file", path),
            ("byte_length", folder.Files.Sum(file => file.Length)),
            ("architecture", Text(config, "model_type")),
            ("name", Text(config, "_name_or_path")),
            ("license", Text(config, "license")),
        ],
        contentHash,
        config,
        folder.Tensors.Select(tensor => new TensorLine(tensor.Name, tensor.DataType, tensor.Shape, tensor.ByteLength)));

    private static FileReport Create(
        List<(string Field, object? Value)> facts,
        string? contentHash,
        Metadata metadata,
        IEnumerable<TensorLine> tensors)
    {
        TensorLine[] lines = [.. tensors];
        facts.Add(("parameter_count", lines.Sum(tensor => tensor.WeightCount)));
        if (contentHash is not null)
        {
            facts.Add(("content_hash", contentHash));
        }

        return new FileReport
        {
            Facts = facts,
            Metadata = [.. metadata.Select(value => (value.Key, Value(value)))],
            Tensors = lines,
        };
    }

    private static string? Text(Metadata metadata, string key) =>
        metadata.Find(key) is { Type: GgufValueType.String } value ? value.AsString() : null;

    private static object Value(MetadataValue value) => value.Content switch
    {
        byte[] => value.AsString(),
        bool isSo => isSo,
        float number => double.Parse(number.ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture),
        double number => number,
        ulong and > long.MaxValue => value.ToString(),
        GgufArray => value.ToString(),
        _ => Convert.ToInt64(value.Content, CultureInfo.InvariantCulture),
    };
}
