using Chaku.Model.Conversion;
using Chaku.Model.Files;

namespace Chaku.Model.Adapters;

/// <summary>A GGUF file with an adapter, as llama.cpp reads it.</summary>
internal sealed class GgufAdapterContainer : AdapterContainer
{
    private const string Extension = ".gguf";

    /// <inheritdoc/>
    public override string Name => "GGUF";

    /// <inheritdoc/>
    public override bool IsAt(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        try
        {
            using GgufFile file = GgufFile.Open(path);
            return GgufAdapter.IsIn(file);
        }
        catch (ModelFormatException)
        {
            // No GGUF file, or a broken one: whoever opens it says so.
            return false;
        }
    }

    /// <inheritdoc/>
    public override bool IsNamed(string path) =>
        Path.GetExtension(path).Equals(Extension, StringComparison.OrdinalIgnoreCase) && !Directory.Exists(path);

    /// <inheritdoc/>
    public override AdapterSource Open(string path) => GgufAdapter.Open(path);

    /// <inheritdoc/>
    public override void RequireFree(string path, bool replaces, params ReadOnlySpan<string> sources) =>
        TargetPath.RequireFile(path, replaces, sources);

    /// <inheritdoc/>
    public override IReadOnlyList<string> Write(
        string path, LoraAdapter adapter, AdaptableLinears linears, FileOrigin origin) =>
        GgufAdapterWriter.Write(path, adapter, linears, origin);
}
