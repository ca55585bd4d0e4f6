using Chaku.Model.Files;
using Chaku.Model.Hub;
using Chaku.Model.Licenses;

namespace Chaku.Model.Conversion;

/// <summary>
/// What a file says of where it comes from, when it was made from another model: converted, quantised or merged.
/// </summary>
/// <param name="Sources">What it was made from: the model first, then the adapter if there was one.</param>
/// <param name="License">Its terms; null where no source states any.</param>
/// <param name="Command">The command line that made it.</param>
/// <param name="Version">The program's version.</param>
internal sealed record FileOrigin(
    IReadOnlyList<OriginSource> Sources, StatedLicense? License, string Command, string Version)
{
    private const string Prefix = "chaku.made_from.";
    private const string CommandKey = "chaku.made_with";
    private const string VersionKey = "chaku.made_by";

    /// <summary>Whether a key is one that a new file states for itself, instead of its source's.</summary>
    public static bool IsOwn(string key) =>
        key.StartsWith(Prefix, StringComparison.Ordinal) || key is CommandKey or VersionKey;

    /// <summary>Adds what the origin says to a GGUF file's metadata.</summary>
    public void AddTo(Metadata metadata)
    {
        foreach ((string key, string value) in Fields())
        {
            metadata.Add(key, value);
        }

        AddLicense(metadata);
        AddSource(metadata);
    }

    /// <summary>The same as strings by name, in a fixed order, as safetensors files hold them.</summary>
    public IReadOnlyList<(string Key, string Value)> Fields() =>
    [
        .. Sources.SelectMany((source, i) =>
            source.Fields().Select(field => ($"{Prefix}{i}.{field.Key}", field.Value))),
        (CommandKey, Command),
        (VersionKey, Version),
    ];

    // Keys that the new file has from its source already stay; of terms, all three are of one statement.
    private void AddLicense(Metadata metadata)
    {
        if (License is not { } license || metadata.Find(GgufKeys.License) is not null)
        {
            return;
        }

        metadata.Add(GgufKeys.License, license.Identifier);
        AddIfNew(metadata, GgufKeys.LicenseName, license.OwnName.Length > 0 ? license.OwnName : null);
        AddIfNew(metadata, GgufKeys.LicenseLink, license.Link);
    }

    private void AddSource(Metadata metadata)
    {
        if (Sources[0].Hub is not { } place || metadata.Find(GgufKeys.BaseModelCount) is not null)
        {
            return;
        }

        AddIfNew(metadata, GgufKeys.SourceRepository, place.Url);
        metadata.Add(GgufKeys.BaseModelCount, 1u);
        AddIfNew(metadata, GgufKeys.BaseModel + "name", place.Name.Name);
        AddIfNew(metadata, GgufKeys.BaseModel + "organization", place.Name.Owner);
        AddIfNew(metadata, GgufKeys.BaseModel + "version", place.Commit);
        AddIfNew(metadata, GgufKeys.BaseModel + "repo_url", place.Url);
    }

    private static void AddIfNew(Metadata metadata, string key, string? value)
    {
        if (value is not null && metadata.Find(key) is null)
        {
            metadata.Add(key, value);
        }
    }
}

/// <summary>Something that a file was made from.</summary>
internal sealed record OriginSource
{
    /// <summary>Names it.</summary>
    /// <param name="name">What it is called; what is no letter of a line is left out.</param>
    /// <param name="contentSha256">What its weights are.</param>
    /// <param name="hub">Where on the Hub it is from.</param>
    public OriginSource(string name, string contentSha256, HubPlace? hub = null)
    {
        Name = InOneLine(name);
        ContentSha256 = contentSha256;
        Hub = hub;
    }

    /// <summary>What it is called, in a line, without the folders that only its maker has.</summary>
    public string Name { get; }

    /// <summary>What its weights are (<see cref="ContentHash"/>), in hexadecimal digits.</summary>
    public string ContentSha256 { get; }

    /// <summary>Where on the Hub it is from; null where nothing says so.</summary>
    public HubPlace? Hub { get; }

    /// <summary>A text without what ends a line or moves a cursor.</summary>
    public static string InOneLine(string text) =>
        string.Concat(text.Where(letter => !char.IsControl(letter) && letter is not ('\u2028' or '\u2029')));

    /// <summary>All of it, by name.</summary>
    public IEnumerable<(string Key, string Value)> Fields() =>
    [
        ("name", Name),
        ("content_sha256", ContentSha256),
        .. Hub is { } place ? ((string, string)[])[("repo_url", place.Url), ("revision", place.Commit)] : [],
    ];
}

/// <summary>Where on the Hub something is from.</summary>
/// <param name="Name">Its name there.</param>
/// <param name="Commit">Which state of it.</param>
internal sealed record HubPlace(HubName Name, string Commit)
{
    /// <summary>Its page.</summary>
    public string Url => $"{HubSettings.DefaultEndpoint}/{Name.Id}";

    /// <summary>The place that a file or folder of the Hub's cache is from; null for what is in no cache.</summary>
    public static HubPlace? Of(string path) =>
        HubCache.SnapshotAround(path) is { } snapshot && HubCache.NameOf(path) is { } name
            ? new HubPlace(name, Path.GetFileName(snapshot))
            : null;
}
