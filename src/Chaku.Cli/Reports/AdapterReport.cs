using Chaku.Model.Adapters;
using Chaku.Model.Files;

namespace Chaku.Cli.Reports;

/// <summary>What an adapter's folder says of itself.</summary>
internal static class AdapterReport
{
    /// <summary>Reads the settings and the header.</summary>
    public static FileReport Create(PeftFolder folder)
    {
        LoraSettings settings = folder.Config.Settings;
        AdapterOrigin origin = folder.Origin;
        IReadOnlyList<FileTensor> tensors = folder.Weights.Tensors;
        return new FileReport
        {
            Facts =
            [
                ("kind", "adapter"),
                ("file", folder.Path),
                ("rank", (long)settings.Rank),
                ("alpha", (double)settings.Alpha),
                ("rslora", settings.IsRankStabilised),
                ("dora", settings.IsWeightDecomposed),
                ("fan_in_fan_out", folder.Config.IsFanInFanOut),
                ("target_modules", Joined(folder.Config.TargetModules, ", ")),
                ("modules_to_save", Joined(folder.Config.ModulesToSave, ", ")),
                ("not_supported", Joined(folder.Unsupported, "; ") ?? "nothing"),
                ("parameter_count", tensors.Sum(tensor => tensor.ElementCount)),
                ("base_name", origin.BaseName),
                ("base_content_hash", origin.BaseSha256),
                ("template", origin.Template),
                ("stop_ids", origin.StopIds is { } ids ? string.Join(' ', ids) : null),
                ("seed", origin.Seed),
                ("version", origin.Version),
            ],
            Metadata = [.. folder.Weights.Metadata.Select(pair => (pair.Key, (object)pair.Value))],
            Tensors =
            [
                .. tensors.Select(tensor =>
                    new TensorLine(tensor.Name, tensor.DataType, tensor.Shape, tensor.ByteLength)),
            ],
        };
    }

    private static string? Joined(IReadOnlyList<string> texts, string separator) =>
        texts.Count > 0 ? string.Join(separator, texts) : null;
}
