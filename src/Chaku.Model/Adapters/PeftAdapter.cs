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

/// <summary>Reads a folder in PEFT's format as an adapter of one model.</summary>
/// <remarks>The format, and what is added to it, are described in docs/formats/adapter.md.</remarks>
internal static class PeftAdapter
{
    /// <summary>Reads an adapter.</summary>
    /// <param name="path">The folder.</param>
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
        using PeftFolder folder = PeftFolder.Open(path);
        if (folder.Unsupported is [string reason, ..])
        {
            throw new AdapterException(reason);
        }

        AdapterChecks checks = new(path, folder.Origin, model, isForced);
        checks.CheckBase(hashes, progress, cancellation);
        ChatTemplate? template = checks.CheckTemplate();
        checks.CheckStopIds();
        AdaptableLinears linears = AdaptableLinears.Of(model);
        LoraAdapter adapter = Read(folder, linears);
        checks.CheckEffect(adapter, linears, cancellation);
        return new LoadedAdapter(adapter, checks.Notices, template);
    }

    private static LoraAdapter Read(PeftFolder folder, AdaptableLinears linears)
    {
        Dictionary<string, LoraFactors> factors = new(StringComparer.Ordinal);
        HashSet<AdaptableLinear> adapted = [];
        foreach (PeftPair pair in folder.Pairs)
        {
            AdaptableLinear linear = FindModule(linears, pair.Module) ?? throw new AdapterException(
                $"{folder.Path} changes {ModelFormatException.Quote(pair.Module)}, "
                + "which is no linear layer of this model");
            if (pair.InputSize != linear.Linear.InputSize || pair.OutputSize != linear.Linear.OutputSize)
            {
                throw new AdapterException(
                    $"{folder.Path} changes {ModelFormatException.Quote(pair.Module)} as "
                    + $"[{pair.OutputSize}, {pair.InputSize}], but this model's is "
                    + $"[{linear.Linear.OutputSize}, {linear.Linear.InputSize}]");
            }

            if (!adapted.Add(linear))
            {
                throw new AdapterException($"{folder.Path} changes '{linear.Module}' twice, by two names");
            }

            factors.Add(linear.Linear.Name, folder.ReadFactors(pair, linears.StoredRows(linear)));
        }

        CheckTargets(folder, linears, adapted);
        return new LoraAdapter(factors, folder.Config.Settings, folder.Origin);
    }

    // An adapter of the model without its head has names that lack the first part: 'h.0.attn.c_attn'.
    private static AdaptableLinear? FindModule(AdaptableLinears linears, string module) => linears.FindModule(module)
        ?? linears.All.FirstOrDefault(linear => linear.Module[(linear.Module.IndexOf('.') + 1)..] == module);

    // PEFT makes the layers that the settings name and fills them from the file: where the two disagree, it would run
    // another adapter than this file's.
    private static void CheckTargets(PeftFolder folder, AdaptableLinears linears, HashSet<AdaptableLinear> adapted)
    {
        if (!folder.Config.TargetsAreComplete)
        {
            return;
        }

        foreach (AdaptableLinear linear in linears.All)
        {
            bool isTarget = folder.Config.TargetModules.Any(linear.IsModule);
            if (isTarget != adapted.Contains(linear))
            {
                throw new AdapterException(isTarget
                    ? $"{folder.Path} has no factors for '{linear.Module}', which its target_modules name"
                    : $"{folder.Path} has factors for '{linear.Module}', which its target_modules do not name");
            }
        }
    }
}
