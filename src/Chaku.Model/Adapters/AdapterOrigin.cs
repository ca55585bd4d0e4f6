using System.Collections.ObjectModel;

namespace Chaku.Model.Adapters;

/// <summary>
/// Where an adapter comes from, as far as its file says: null is what it does not say. It holds what base, data, recipe
/// and seed determine, and nothing of the day, the machine or the place, so that the same run gives the same bytes.
/// </summary>
internal sealed record AdapterOrigin
{
    private const string Unknown = "unknown";

    /// <summary>This software's version.</summary>
    public static string CurrentVersion { get; } = typeof(AdapterOrigin).Assembly.GetName().Version!.ToString(3);

    /// <summary>The base's content hash.</summary>
    public string? BaseSha256 { get; init; }

    /// <summary>What the base is called.</summary>
    public string? BaseName { get; init; }

    /// <summary>The terms that the base is under, as stated.</summary>
    public string? BaseLicense { get; init; }

    /// <summary>The chat template it was trained with; null for plain text.</summary>
    public string? Template { get; init; }

    /// <summary>That template's <see cref="Templates.TemplateFingerprint"/> on the base.</summary>
    public string? TemplateSha256 { get; init; }

    /// <summary>The tokens that end its answers.</summary>
    public IReadOnlyList<int>? StopIds { get; init; }

    /// <summary>SHA-256 of the data.</summary>
    public string? DataSha256 { get; init; }

    /// <summary>The data's format.</summary>
    public string? DataFormat { get; init; }

    /// <summary>The terms that the data are under, as stated.</summary>
    public string? DataLicense { get; init; }

    /// <summary>What applies to the adapter, in short, as it was worked out when it was trained.</summary>
    public string? License { get; init; }

    /// <summary>The recipe it was trained by.</summary>
    public string? Recipe { get; init; }

    /// <summary>The settings it was trained with, by name, as the command line has them.</summary>
    public IReadOnlyDictionary<string, string> Tuning { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>The version that trained it.</summary>
    public string? Version { get; init; }

    /// <summary>The seed it was trained with.</summary>
    public ulong? Seed { get; init; }

    /// <summary>All that determined the run, where it was not broken off.</summary>
    public string? Run { get; init; }

    /// <summary>The steps behind these numbers.</summary>
    public long? Step { get; init; }

    /// <summary>Whether it says anything that this software writes.</summary>
    public bool IsOurs => BaseSha256 is not null || Version is not null;

    /// <summary>The terms of base and data, with a comma between: they bind whatever is made of the adapter.</summary>
    public string Terms =>
        string.Join(", ", ((string[])[BaseLicense ?? Unknown, DataLicense ?? Unknown]).Distinct());

    /// <summary>The origin of an adapter that this software trains on a model.</summary>
    /// <param name="model">The base.</param>
    /// <param name="baseSha256">Its content hash; null where it is still to be computed.</param>
    public static AdapterOrigin On(LanguageModel model, string? baseSha256 = null) => new()
    {
        BaseName = model.Source.Name ?? Path.GetFileName(model.Path),
        BaseSha256 = baseSha256,
        BaseLicense = model.Source.License?.Name,
        Version = CurrentVersion,
    };
}
