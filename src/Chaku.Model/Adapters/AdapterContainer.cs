using Chaku.Model.Conversion;

namespace Chaku.Model.Adapters;

/// <summary>A kind of files that hold an adapter: an entry of <see cref="AdapterContainers.All"/>.</summary>
internal abstract class AdapterContainer
{
    /// <summary>What the kind is called.</summary>
    public abstract string Name { get; }

    /// <summary>Whether a path is that of an adapter of this kind.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public abstract bool IsAt(string path);

    /// <summary>Whether a path's name promises this kind.</summary>
    public abstract bool IsNamed(string path);

    /// <summary>Opens an adapter and checks all that can be checked without a model.</summary>
    /// <exception cref="AdapterException">It is no LoRA adapter, or an incomplete one.</exception>
    /// <exception cref="ModelFormatException">A file is broken.</exception>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    public abstract AdapterSource Open(string path);

    /// <summary>Refuses, before work is spent, what could not be written, or must not be.</summary>
    /// <param name="path">The file or the folder.</param>
    /// <param name="replaces">Whether what is there already may go.</param>
    /// <param name="sources">What it is made from.</param>
    /// <exception cref="IOException">It is a source, or is there already, or cannot be written.</exception>
    public abstract void RequireFree(string path, bool replaces, params ReadOnlySpan<string> sources);

    /// <summary>Writes an adapter whole or not at all: the same adapter gives the same bytes.</summary>
    /// <param name="path">The file or the folder.</param>
    /// <param name="adapter">The adapter.</param>
    /// <param name="linears">Its base's linear layers.</param>
    /// <param name="origin">What it was made from.</param>
    /// <returns>What the user should know about how it was written, a line each.</returns>
    /// <exception cref="AdapterException">This kind cannot hold it; nothing is written.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public abstract IReadOnlyList<string> Write(
        string path, LoraAdapter adapter, AdaptableLinears linears, FileOrigin origin);
}
