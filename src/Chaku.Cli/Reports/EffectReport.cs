using System.Globalization;
using System.Text.Json;
using Chaku.Model.Adapters;

namespace Chaku.Cli.Reports;

/// <summary>How much an adapter changes its base.</summary>
internal static class EffectReport
{
    /// <summary>In one line: how much of the weights, and where the most.</summary>
    public static string Summary(AdapterEffect effect)
    {
        ModuleEffect most = effect.Modules.MaxBy(module => module.Relative ?? 0)!;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{effect.Change:0.0000} ({effect.Relative:0.00%} of the weights' norm), "
            + $"most in {most.Module} ({most.Relative:0.00%})");
    }

    /// <summary>Writes the fields for scripts.</summary>
    public static void WriteFields(Utf8JsonWriter json, IReadOnlyList<ModuleEffect> modules)
    {
        json.WriteStartArray("effects");
        foreach (ModuleEffect module in modules)
        {
            json.WriteStartObject();
            json.WriteString("module", module.Module);
            json.WriteFinite("change", module.Change);
            json.WriteFinite("relative_change", module.Relative ?? double.NaN);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
