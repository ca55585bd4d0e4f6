using Chaku.Model.Adapters;
using Chaku.Model.Files;
using Chaku.Model.Licenses;

namespace Chaku.Cli.Reports;

/// <summary>What an adapter says of itself, and how much it changes.</summary>
internal static class AdapterReport
{
    /// <summary>Reads the settings, the header and the factors.</summary>
    /// <param name="source">The adapter.</param>
    /// <param name="progress">Told how many of its modules have been measured.</param>
    /// <param name="cancellation">Stops it.</param>
    public static FileReport Create(AdapterSource source, Action<long, long> progress, CancellationToken cancellation)
    {
        IReadOnlyList<FileTensor> tensors = source.Tensors;
        return new FileReport
        {
            Facts = [.. Facts(source), .. Origin(source.Origin)],
            Effects = Effects(source, progress, cancellation),
            License = source.Origin.IsOurs
                ? ResultLicense.Of(source.Origin.BaseLicense, source.Origin.DataLicense)
                : null,
            Metadata = [.. source.Metadata.Select(pair => (pair.Key, (object)pair.Value))],
            Tensors =
            [
                .. tensors.Select(tensor =>
                    new TensorLine(tensor.Name, tensor.DataType, tensor.Shape, tensor.ByteLength)),
            ],
        };
    }

    private static (string Field, object? Value)[] Facts(AdapterSource source)
    {
        LoraSettings settings = source.Settings;
        return
        [
            ("kind", "adapter"),
            ("file", source.Path),
            ("container", source.Container.Name),
            ("rank", (long)settings.Rank),
            ("alpha", (double)settings.Alpha),
            ("rslora", settings.IsRankStabilised),
            ("dora", settings.IsWeightDecomposed),
            ("fan_in_fan_out", source.IsFanInFanOut),
            ("target_modules", Joined(source.TargetModules, ", ")),
            ("modules_to_save", Joined(source.ModulesToSave, ", ")),
            ("not_supported", Joined(source.Unsupported, "; ") ?? "nothing"),
            ("parameter_count", source.Tensors.Sum(tensor => tensor.ElementCount)),
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
        AdapterSource source, Action<long, long> progress, CancellationToken cancellation)
    {
        ModuleEffect[] effects = new ModuleEffect[source.Pairs.Count];
        for (int i = 0; i < effects.Length; i++)
        {
            FactorPair pair = source.Pairs[i];
            effects[i] = new ModuleEffect(pair.Module, Change(source, pair, cancellation), Weight: 0);
            progress(i + 1, effects.Length);
        }

        return effects;
    }

    private static double Change(AdapterSource source, FactorPair pair, CancellationToken cancellation)
    {
        try
        {
            return AdapterEffect.LowRankChange(source.ReadFactors(pair), cancellation);
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
