using Chaku.Model.Files;
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

        if (License is { } license && metadata.Find(GgufKeys.License) is null)
        {
            metadata.Add(GgufKeys.License, license.Name);
        }
    }

    /// <summary>The same as strings by name, in a fixed order, as safetensors files hold them.</summary>
    public IReadOnlyList<(string Key, string Value)> Fields() =>
    [
        .. Sources.SelectMany((source, i) => ((string, string)[])
            [($"{Prefix}{i}.name", source.Name), ($"{Prefix}{i}.content_sha256", source.ContentSha256)]),
        (CommandKey, Command),
        (VersionKey, Version),
    ];

    /// <summary>A card for a folder, in Markdown, with the fields that Hugging Face reads at its head.</summary>
    /// <param name="title">What the model is called.</param>
    /// <param name="what">What was done, in a sentence.</param>
    public string Card(string title, string what)
    {
        List<string> lines = ["---"];
        if (License is { } license)
        {
            lines.Add($"license: {license.Name}");
        }

        lines.Add($"base_model: {Sources[0].Name}");
        lines.AddRange(["---", "", $"# {title}", "", what, "", "| source | SHA-256 of the weights |", "|---|---|"]);
        lines.AddRange(Sources.Select(source => $"| {source.Name} | `{source.ContentSha256}` |"));
        lines.AddRange(["", $"Made by Chaku {Version} with", "", $"    {Command}", ""]);
        return string.Join('\n', lines);
    }
}

/// <summary>Something that a file was made from.</summary>
/// <param name="Name">What it is called, without the folders that only its maker has.</param>
/// <param name="ContentSha256">What its weights are (<see cref="ContentHash"/>), in hexadecimal digits.</param>
internal sealed record OriginSource(string Name, string ContentSha256);
