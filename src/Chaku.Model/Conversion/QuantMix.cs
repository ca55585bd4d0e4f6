using Chaku.Kernels.Formats;

namespace Chaku.Model.Conversion;

/// <summary>Which format each matrix of a quantised file gets: an entry of <see cref="QuantMixes.All"/>.</summary>
/// <param name="Name">What users call it.</param>
/// <param name="FileType">GGUF's number for such files.</param>
/// <param name="Format">The format of matrices that no rule speaks of.</param>
/// <param name="Rules">What is stored otherwise, the first that fits counting.</param>
internal sealed record QuantMix(string Name, uint FileType, string Format, IReadOnlyList<MixRule> Rules)
{
    // Rows that are no multiple of 256 get the nearest format of 32.
    private static readonly Dictionary<string, string> Narrow = new(StringComparer.Ordinal)
    {
        ["Q2_K"] = "Q4_0",
        ["Q3_K"] = "Q4_0",
        ["Q4_K"] = "Q5_0",
        ["Q5_K"] = "Q5_1",
        ["Q6_K"] = "Q8_0",
    };

    /// <summary>Another name that users know it by; null for none.</summary>
    public string? Alias { get; init; }

    /// <summary>The format of the output head, which every token meets last; of a tied embedding too.</summary>
    public string Output { get; init; } = "Q6_K";

    /// <summary>The format of one matrix.</summary>
    /// <param name="place">Which matrix it is.</param>
    /// <param name="isPure">Whether all have one format.</param>
    /// <param name="columns">Weights in a row.</param>
    public TensorFormat FormatOf(MixPlace place, bool isPure, long columns)
    {
        string name = isPure ? Format
            : place.IsOutput ? Output
            : Rules.FirstOrDefault(rule => rule.Fits(place))?.Format ?? Format;
        while (columns % Named(name).BlockLength != 0)
        {
            // F16 holds rows of any length.
            name = Narrow.GetValueOrDefault(name, "F16");
        }

        return Named(name);
    }

    private static TensorFormat Named(string name) => TensorFormats.FromName(name)!;
}

/// <summary>A format for one kind of matrix.</summary>
/// <param name="Module">The matrix's name between its layer and its last dot.</param>
/// <param name="Format">The format.</param>
/// <param name="When">Where it counts; everywhere by default.</param>
internal sealed record MixRule(string Module, string Format, Predicate<MixPlace>? When = null)
{
    /// <summary>Whether it speaks of a matrix.</summary>
    public bool Fits(MixPlace place) => place.Module == Module && (When is null || When(place));
}

/// <summary>Which matrix of a model it is.</summary>
/// <param name="Module">
/// The name between its layer and its last dot, without what marks stacked experts: <c>attn_v</c>.
/// </param>
/// <param name="IsOutput">Whether it is the output head.</param>
/// <param name="Layer">Its layer; 0 outside of layers.</param>
/// <param name="LayerCount">Layers of the model.</param>
/// <param name="HeadsPerKvHead">Query heads that share keys and values.</param>
/// <param name="ExpertCount">Experts of a layer; 0 without.</param>
internal sealed record MixPlace(
    string Module, bool IsOutput, int Layer, int LayerCount, int HeadsPerKvHead, int ExpertCount)
{
    /// <summary>Whether it is known which columns count.</summary>
    public bool HasImportance { get; init; }
}
