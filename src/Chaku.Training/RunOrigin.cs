using System.Globalization;
using Chaku.Kernels.Ops;
using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Model.Licenses;
using Chaku.Model.Templates;
using Chaku.Training.Datasets;
using Chaku.Training.Optimisation;

namespace Chaku.Training;

/// <summary>What a tuning run writes into its adapter about where that comes from.</summary>
internal static class RunOrigin
{
    private const string StepsDoneName = "steps_done";

    /// <summary>The origin, before the first step and before the base is hashed.</summary>
    /// <param name="model">The base.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="dataset">The data.</param>
    /// <param name="template">The chat template; null for plain text.</param>
    /// <param name="prompts">What writes conversations with it.</param>
    /// <param name="onUnknownLicense">Asked where nothing states the licence of the data; may be null.</param>
    /// <exception cref="AdapterException">The recipe's name is none that a file can hold.</exception>
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
        origin = origin with { License = ResultLicense.Of(origin.BaseLicense, origin.DataLicense).Summary };

        // What cannot be written is found before work is spent.
        _ = AdapterMetadata.Write(origin);
        return origin;
    }

    /// <summary>The same with the settings that made it what it is.</summary>
    /// <param name="origin">The origin.</param>
    /// <param name="options">What was asked for.</param>
    /// <param name="settings">What the optimiser did.</param>
    /// <param name="contextLength">Tokens of a sequence at most.</param>
    /// <param name="stepsDone">Steps that led to what is written.</param>
    public static AdapterOrigin With(
        this AdapterOrigin origin, TuneOptions options, TrainingSettings settings, int contextLength, long stepsDone)
    {
        AdamW optimiser = settings.Optimiser;
        Dictionary<string, string> tuning = new()
        {
            ["method"] = options.IsFull ? "full" : options.IsWeightDecomposed ? "dora" : "lora",
            ["steps"] = Text(settings.StepCount),
            [StepsDoneName] = Text(stepsDone),
            ["warmup"] = Text(settings.WarmupCount),
            ["schedule"] = settings.Schedule.Name,
            ["learning_rate"] = Text(settings.LearningRate),
            ["optimizer"] = settings.OptimiserKind.Name,
            ["beta1"] = Text(optimiser.Beta1),
            ["beta2"] = Text(optimiser.Beta2),
            ["epsilon"] = Text(optimiser.Epsilon),
            ["weight_decay"] = Text(optimiser.WeightDecay),
            ["clip"] = Text(settings.ClipNorm),
            ["context"] = Text(contextLength),
            ["batch"] = Text(options.BatchSize),
            ["accumulate"] = Text(options.Accumulation),
            ["validation"] = Text(options.ValidationShare),
        };
        if (!options.IsFull)
        {
            tuning["dropout"] = Text(settings.DropoutRate);
            tuning["loraplus"] = Text(settings.LoraPlusRatio);
        }

        return origin with { Tuning = tuning };
    }

    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
}
