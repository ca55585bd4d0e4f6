using Chaku.Model.Conversion;
using Chaku.Model.Files;

namespace Chaku.Model.Adapters;

/// <summary>A folder in PEFT's format.</summary>
internal sealed class PeftContainer : AdapterContainer
{
    /// <inheritdoc/>
    public override string Name => "PEFT";

    /// <inheritdoc/>
    public override bool IsAt(string path) => File.Exists(Path.Combine(path, PeftFolder.ConfigName));

    /// <inheritdoc/>
    public override bool IsNamed(string path) => true;

    /// <inheritdoc/>
    public override AdapterSource Open(string path) => PeftFolder.Open(path);

    /// <inheritdoc/>
    public override void RequireFree(string path, bool replaces, params ReadOnlySpan<string> sources) =>
        TargetPath.RequireFolder(path, replaces, sources);

    /// <inheritdoc/>
    public override IReadOnlyList<string> Write(
        string path, LoraAdapter adapter, AdaptableLinears linears, FileOrigin origin)
    {
        PeftWriter.Write(path, adapter, linears, origin: origin);
        return [];
    }
}
