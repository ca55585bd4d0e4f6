using Chaku.Model.Files;
using Chaku.Model.Templates;

namespace Chaku.Model.Adapters;

/// <summary>
/// Whether an adapter belongs to a model: base, template and stop ids are what it was trained with, and it changes
/// something. What does not fit is refused, or, where the user insists, said.
/// </summary>
/// <param name="path">The adapter, for messages.</param>
/// <param name="origin">What it says of itself.</param>
/// <param name="model">The model it is to be run with.</param>
/// <param name="isForced">Whether the user insists.</param>
internal sealed class AdapterChecks(string path, AdapterOrigin origin, LanguageModel model, bool isForced)
{
    private const int HashDigitsShown = 12;

    private readonly List<string> _notices = [];

    /// <summary>What the user should know, a line each.</summary>
    public IReadOnlyList<string> Notices => _notices;

    /// <summary>Compares the base's content hash.</summary>
    /// <param name="hashes">Knows or computes the model's.</param>
    /// <param name="progress">Told bytes done and bytes in all while it is computed.</param>
    /// <param name="cancellation">Stops computing it.</param>
    /// <exception cref="AdapterException">It is another's.</exception>
    public void CheckBase(ContentHashCache hashes, Action<long, long>? progress, CancellationToken cancellation)
    {
        if (origin.BaseSha256 is not { } expected)
        {
            _notices.Add(
                $"{path} does not say which base or chat template it was made for: only its shapes are known to fit");
            return;
        }

        string found = hashes.GetOrCompute(model.Source.Content, progress, cancellation);
        string name = origin.BaseName is { Length: > 0 } known ? ModelFormatException.Quote(known) : "one";
        Require(
            found == expected,
            $"{path} was made for another base, {name} of content hash {Abbreviated(expected)}; "
            + $"{Path.GetFileName(model.Path)} has {Abbreviated(found)}",
            "take the model that it was made for");
    }

    /// <summary>Compares the chat template, its own texts and the tokens of its marks.</summary>
    /// <returns>The template; null where the adapter names none, or, forced, the model has none of that name.</returns>
    /// <exception cref="AdapterException">The model has another under that name, or none.</exception>
    public ChatTemplate? CheckTemplate()
    {
        if (origin.Template is not { } name)
        {
            return null;
        }

        ChatTemplate template;
        try
        {
            template = ChatTemplates.Resolve(name, model.ChatTemplate, model.Tokenizer.Vocabulary);
        }
        catch (Exception exception) when (exception is ChatTemplateException or ModelFormatException)
        {
            Require(
                false,
                $"{path} was trained with the chat template {ModelFormatException.Quote(name)}, and with "
                + $"{Path.GetFileName(model.Path)} there is none: {exception.Message}",
                "take the model's file as it was then");
            return null;
        }

        if (origin.TemplateSha256 is not { } expected)
        {
            _notices.Add($"{path} names the chat template {template.Name}, and does not say what it was like");
            return template;
        }

        string found = TemplateFingerprint.Of(template, model.Tokenizer.Vocabulary);
        Require(
            found == expected,
            $"{path} was trained with a chat template {template.Name} of fingerprint {Abbreviated(expected)}; "
            + $"{Path.GetFileName(model.Path)} has {Abbreviated(found)}: other texts, or other tokens for its marks",
            "take the model's file as it was then, or train again");
        return template;
    }

    /// <summary>Looks for the tokens that end the adapter's answers.</summary>
    /// <exception cref="AdapterException">The model has no such tokens.</exception>
    public void CheckStopIds()
    {
        int count = model.Decoder.Config.VocabularySize;
        if (origin.StopIds?.Where(id => id >= count).ToArray() is [int first, ..])
        {
            // Nothing to insist on: no such token ever comes.
            throw new AdapterException($"{path} ends answers with token {first}, but the model has {count} tokens");
        }
    }

    /// <summary>Looks whether the adapter makes a difference.</summary>
    /// <exception cref="AdapterException">It makes none.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void CheckEffect(LoraAdapter adapter, AdaptableLinears linears, CancellationToken cancellation) => Require(
        AdapterEffect.IsFelt(adapter, linears, cancellation),
        $"{path} changes nothing: of all {adapter.Factors.Count} matrices the change B · A is zero, or less than "
        + "float32 shows",
        "train it for longer, or at a higher learning rate");

    private void Require(bool isMet, string what, string advice)
    {
        if (isMet)
        {
            return;
        }

        _notices.Add(isForced
            ? $"FORCED: {what}"
            : throw new AdapterException($"{what}; {advice}, or insist with --force"));
    }

    private static string Abbreviated(string hash) => hash[..HashDigitsShown] + "…";
}
