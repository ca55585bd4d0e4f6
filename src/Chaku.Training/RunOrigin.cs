using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Model.Licenses;
using Chaku.Model.Templates;
using Chaku.Training.Datasets;

namespace Chaku.Training;

/// <summary>What a tuning run writes into its adapter about where that comes from.</summary>
internal static class RunOrigin
{
    /// <summary>The origin, before the first step and before the base is hashed.</summary>
    /// <param name="model">The base.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="dataset">The data.</param>
    /// <param name="template">The chat template; null for plain text.</param>
    /// <param name="prompts">What writes conversations with it.</param>
    /// <param name="onUnknownLicense">Asked where nothing states the licence of the data; may be null.</param>
    /// <exception cref="IOException">The data cannot be read again.</exception>
    public static AdapterOrigin Of(
        LanguageModel model,
        TuneOptions options,
        Dataset dataset,
        ChatTemplate? template,
        PromptEncoder? prompts,
        Func<string?>? onUnknownLicense)
    {
        StatedLicense? license = DatasetLicense.Find(dataset, options.DataLicense)
            ?? DatasetLicense.Find(dataset, onUnknownLicense?.Invoke());
        AdapterOrigin origin = AdapterOrigin.On(model) with
        {
            Seed = options.Seed,
            Template = template?.Name,
            TemplateSha256 = template is null ? null : TemplateFingerprint.Of(template, model.Tokenizer.Vocabulary),
            StopIds = prompts is null ? null : [.. prompts.StopIds.Order()],
            DataSha256 = DatasetHash.Compute(dataset.Path),
            DataFormat = dataset.Format.Name,
            DataLicense = license?.Name,
            Recipe = options.Recipe,
        };
        return origin with { License = ResultLicense.Of(origin.BaseLicense, origin.DataLicense).Summary };
    }
}
