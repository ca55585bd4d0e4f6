using Chaku.Model.Adapters;
using Chaku.Model.Files;
using Chaku.Model.Licenses;

namespace Chaku.Model.Conversion;

/// <summary>What became of an adapter that was converted.</summary>
/// <param name="From">The kind of files it was in.</param>
/// <param name="To">The kind that was written.</param>
/// <param name="MatrixCount">Matrices that it changes.</param>
/// <param name="Origin">What the new files say of where they come from.</param>
/// <param name="Notices">What the user should know, a line each.</param>
internal sealed record ConvertedAdapter(
    AdapterContainer From,
    AdapterContainer To,
    int MatrixCount,
    FileOrigin Origin,
    IReadOnlyList<string> Notices);

/// <summary>
/// Writes an adapter as files of another kind: its function is the same, and so is what it says of where it comes from.
/// </summary>
/// <remarks>The kinds are described in docs/formats/adapter.md.</remarks>
internal static class AdapterConversion
{
    /// <summary>Converts an adapter; nothing is written where anything cannot be kept.</summary>
    /// <param name="path">The adapter.</param>
    /// <param name="target">The new file or folder, whose name says which kind it is.</param>
    /// <param name="model">The base, which gives names, shapes and the order of rows.</param>
    /// <param name="hashes">Knows or computes the base's content hash.</param>
    /// <param name="command">The command line.</param>
    /// <param name="isForced">
    /// Takes an adapter of another base or template, which a notice says, and replaces what is there already.
    /// </param>
    /// <param name="progress">Told bytes done and bytes in all while the base's hash is computed.</param>
    /// <param name="cancellation">Stops computing it.</param>
    /// <exception cref="AdapterException">
    /// It is of another base, broken, of the wanted kind already, or the kind cannot hold it.
    /// </exception>
    /// <exception cref="ModelFormatException">A file is broken.</exception>
    /// <exception cref="IOException">
    /// A file cannot be read or written; the target is the adapter or the base, or is there already.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static ConvertedAdapter Run(
        string path,
        string target,
        LanguageModel model,
        ContentHashCache hashes,
        string command,
        bool isForced = false,
        Action<long, long>? progress = null,
        CancellationToken cancellation = default)
    {
        AdapterContainers.Named(target).RequireFree(target, isForced, path, model.Path);
        using AdapterSource source = AdapterSource.Open(path);
        AdapterContainer container = AdapterContainers.Named(target);
        if (container.Name == source.Container.Name)
        {
            throw new AdapterException(
                $"{path} is an adapter in the format {container.Name} already: a target that ends with .gguf is a GGUF "
                + "file, any other a folder in PEFT's format");
        }

        LoadedAdapter loaded = AdapterReader.Read(source, model, hashes, isForced, progress, cancellation);
        StatedLicense? license = source.Origin.IsOurs
            ? new StatedLicense(source.Origin.Terms, "the adapter's metadata")
            : source.License ?? model.Source.License;
        FileOrigin origin = OriginOf(source, model, license, hashes, command, progress, cancellation);
        IReadOnlyList<string> notices =
            container.Write(target, loaded.Adapter, AdaptableLinears.Of(model), origin);
        return new ConvertedAdapter(
            source.Container, container, loaded.Adapter.Factors.Count, origin, [.. loaded.Notices, .. notices]);
    }

    /// <summary>What a file says that was made from a model and an adapter.</summary>
    /// <param name="source">The adapter.</param>
    /// <param name="model">The model.</param>
    /// <param name="license">The new file's terms; null where nothing states any.</param>
    /// <param name="hashes">Knows or computes the model's content hash.</param>
    /// <param name="command">The command line.</param>
    /// <param name="progress">Told bytes done and bytes in all while the model's hash is computed.</param>
    /// <param name="cancellation">Stops computing it.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static FileOrigin OriginOf(
        AdapterSource source,
        LanguageModel model,
        StatedLicense? license,
        ContentHashCache hashes,
        string command,
        Action<long, long>? progress,
        CancellationToken cancellation) => new(
        [
            new OriginSource(
                model.Source.Name ?? Path.GetFileName(model.Path),
                hashes.GetOrCompute(model.Source.Content, progress, cancellation)),
            new OriginSource(
                PathText.NameOf(source.Path),
                ContentHash.Compute(source.Content, progress: null, cancellation)),
        ],
        license,
        command,
        AdapterOrigin.CurrentVersion);
}
