using Chaku.Model.Adapters;
using Chaku.Model.Files;
using Chaku.Model.Licenses;

namespace Chaku.Cli.Reports;

/// <summary>What an adapter's folder says of itself, and how much it changes.</summary>
internal static class AdapterReport
{
    /// <summary>Reads the settings, the header and the factors.</summary>
    /// <param name="folder">The adapter.</param>
    /// <param name="progress">Told how many of its modules have been measured.</param>
    /// <param name="cancellation">Stops it.</param>
    public static FileReport Create(PeftFolder folder, Action<long, long> progress, CancellationToken cancellation)
    {
        IReadOnlyList<FileTensor> tensors = folder.Weights.Tensors;
        return new FileReport
        {
            Facts = [.. Facts(folder), .. Origin(folder.Origin)],
            Effects = Effects(folder, progress, cancellation),
            License = folder.Origin.IsOurs
                ? ResultLicense.Of(folder.Origin.BaseLicense, folder.Origin.DataLicense)
                : null,
            Metadata = [.. folder.Weights.Metadata.Select(pair => (pair.Key, (object)pair.Value))],
            Tensors =
            [
                .. tensors.Select(tensor =>
                    new TensorLine(tensor.Name, tensor.DataType, tensor.Shape, tensor.ByteLength)),
            ],
        };
    }

    private static (string Field, object? Value)[] Facts(PeftFolder folder)
    {
        LoraSettings settings = folder.Config.Settings;
        return
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
            ("parameter_count", folder.Weights.Tensors.Sum(tensor => tensor.ElementCount)),
        ];
    }

    private static (string Field, object? Value)[] Origin(AdapterOrigin origin) =>
    [
        ("base_name", origin.BaseName),
        ("base_content_hash", origin.BaseSha256),
        ("base_license", origin.BaseLicense),
        ("template", origin.Template),
        ("template_sha256", origin.TemplateSha256),
        ("stop_ids", origin.StopIds is { } ids ? string.Join(' ', ids) : null),
        ("data_sha256", origin.DataSha256),
        ("data_format", origin.DataFormat),
        ("data_license", origin.DataLicense),
        ("license", origin.License),
        ("recipe", origin.Recipe),
        ("tuning", Joined([.. origin.Tuning.Select(entry => $"{entry.Key}={entry.Value}")], " ")),
        ("seed", origin.Seed),
        ("version", origin.Version),
    ];

    // ‖W‖ is the base's, and so is what DoRA's magnitudes are compared with.
    private static ModuleEffect[] Effects(
        PeftFolder folder, Action<long, long> progress, CancellationToken cancellation)
    {
        ModuleEffect[] effects = new ModuleEffect[folder.Pairs.Count];
        for (int i = 0; i < effects.Length; i++)
        {
            PeftPair pair = folder.Pairs[i];
            effects[i] = new ModuleEffect(pair.Module, Change(folder, pair, cancellation), Weight: 0);
            progress(i + 1, effects.Length);
        }

        return effects;
    }

    private static double Change(PeftFolder folder, PeftPair pair, CancellationToken cancellation)
    {
        try
        {
            return AdapterEffect.LowRankChange(folder.ReadFactors(pair), cancellation);
        }
        catch (AdapterException)
        {
            // What is no number is refused where it would be computed with; here it is shown.
            return double.NaN;
        }
    }

    private static string? Joined(IReadOnlyList<string> texts, string separator) =>
        texts.Count > 0 ? string.Join(separator, texts) : null;
}
