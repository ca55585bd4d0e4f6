using Chaku.Model.Files;
using Chaku.Model.Templates;

namespace Chaku.Model.Adapters;

/// <summary>An adapter that was read for a model.</summary>
/// <param name="Adapter">The adapter.</param>
/// <param name="Notices">What the user should know about how it was read, a line each.</param>
/// <param name="Template">The chat template it was trained with; null where it names none that the model has.</param>
internal sealed record LoadedAdapter(LoraAdapter Adapter, IReadOnlyList<string> Notices, ChatTemplate? Template)
{
    /// <summary>Refuses conversations that are written otherwise than those that it was trained with.</summary>
    /// <param name="template">The template that they are written with.</param>
    /// <param name="isForced">Takes it all the same.</param>
    /// <returns>What the user should know of it; null where it is the adapter's own.</returns>
    /// <exception cref="ChatTemplateException">It is another.</exception>
    public string? Accept(ChatTemplate template, bool isForced)
    {
        if (Template is null || Template.Name == template.Name)
        {
            return null;
        }

        string what =
            $"the adapter was trained with the template {Template.Name}: it does not understand {template.Name}";
        return isForced
            ? $"FORCED: {what}"
            : throw new ChatTemplateException($"{what}; leave --template out, or insist with --force");
    }
}

/// <summary>Reads an adapter of one model, whatever files it is kept in.</summary>
/// <remarks>The formats, and what is added to them, are described in docs/formats/adapter.md.</remarks>
internal static class AdapterReader
{
    /// <summary>Reads an adapter.</summary>
    /// <param name="path">The adapter: an entry of <see cref="AdapterContainers.All"/> knows it.</param>
    /// <param name="model">The base.</param>
    /// <param name="hashes">Knows or computes the base's content hash, if the adapter names one.</param>
    /// <param name="isForced">
    /// Takes it although it is of another base or template, or changes nothing; a notice says so.
    /// </param>
    /// <param name="progress">Told bytes done and bytes in all while the base's hash is computed.</param>
    /// <param name="cancellation">Stops computing it.</param>
    /// <exception cref="AdapterException">
    /// It is of another base or template, of another kind, broken, or changes nothing.
    /// </exception>
    /// <exception cref="ModelFormatException">A file is broken.</exception>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static LoadedAdapter Read(
        string path,
        LanguageModel model,
        ContentHashCache hashes,
        bool isForced = false,
        Action<long, long>? progress = null,
        CancellationToken cancellation = default)
    {
        using AdapterSource source = AdapterSource.Open(path);
        return Read(source, model, hashes, isForced, progress, cancellation);
    }

    /// <summary>Reads an adapter that is open already.</summary>
    /// <inheritdoc cref="Read(string, LanguageModel, ContentHashCache, bool, Action{long, long}, CancellationToken)"/>
    public static LoadedAdapter Read(
        AdapterSource source,
        LanguageModel model,
        ContentHashCache hashes,
        bool isForced,
        Action<long, long>? progress,
        CancellationToken cancellation)
    {
        if (source.Unsupported is [string reason, ..])
        {
            throw new AdapterException(reason);
        }

        AdapterChecks checks = new(source.Path, source.Origin, model, isForced);
        checks.CheckBase(hashes, progress, cancellation);
        ChatTemplate? template = checks.CheckTemplate();
        checks.CheckStopIds();
        AdaptableLinears linears = AdaptableLinears.Of(model);
        LoraAdapter adapter = source.Read(model, linears);
        checks.CheckEffect(adapter, linears, cancellation);
        return new LoadedAdapter(adapter, checks.Notices, template);
    }
}
