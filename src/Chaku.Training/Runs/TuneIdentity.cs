using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Training.Datasets;
using Chaku.Training.Optimisation;

namespace Chaku.Training.Runs;

/// <summary>What determines a tuning run. An option is named as the command line has it.</summary>
internal static class TuneIdentity
{
    private const string OwnPrefix = "chaku.";

    /// <summary>The identity of a run.</summary>
    /// <param name="model">The base, with the options that change what it computes.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="settings">Steps, warm-up and rates, as they follow from options and data.</param>
    /// <param name="data">Tokens and masks.</param>
    /// <param name="origin">All that will be written beside the numbers: base, template, seed, version.</param>
    /// <param name="contextLength">Tokens of a sequence at most.</param>
    public static RunIdentity Of(
        LanguageModel model,
        TuneOptions options,
        TrainingSettings settings,
        TrainingData data,
        AdapterOrigin origin,
        int contextLength)
    {
        List<KeyValuePair<string, string>> parts = [];
        foreach ((string key, string value) in
            AdapterMetadata.Write(origin).OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            parts.Add(new(key.Replace(OwnPrefix, "", StringComparison.Ordinal), value));
        }

        Add("base_name", origin.BaseName ?? "");
        Add("sequences", RunIdentity.HashOf(data.Training));
        Add("held_out_sequences", RunIdentity.HashOf(data.Validation));
        Add("cache_type", model.Options.CacheType);
        Add("exact", model.Options.IsExact);
        Add("gelu", model.Options.Gelu ?? "");
        AddOptions(options, Add);
        Add("--lr", settings.LearningRate);
        Add("--loraplus", settings.LoraPlusRatio);
        Add("--optimizer", settings.OptimiserKind.Name);
        Add("--schedule", settings.Schedule.Name);
        Add("--warmup", settings.WarmupCount);
        Add("--steps", settings.StepCount);
        Add("--clip", settings.ClipNorm);
        Add("--weight-decay", settings.Optimiser.WeightDecay);
        Add("--beta2", settings.Optimiser.Beta2);
        Add("--dropout", settings.DropoutRate);
        Add("--context", contextLength);
        return new RunIdentity(parts);

        void Add(string name, object value) =>
            parts.Add(new(name, value is bool isSet ? isSet ? "yes" : "no" : $"{value}"));
    }

    private static void AddOptions(TuneOptions options, Action<string, object> add)
    {
        LoraSettings adapter = options.Adapter;
        add("--full", options.IsFull);
        add("--rank", adapter.Rank);
        add("--alpha", adapter.Alpha);
        add("--rslora", adapter.IsRankStabilised);
        add("--dora", adapter.IsWeightDecomposed);
        add("--targets", string.Join(',', options.Targets));
        add("--batch", options.BatchSize);
        add("--accumulate", options.Accumulation);
        add("--no-packing", !options.IsPacked);
        add("--train-on", options.LearnsInputs ? "inputs" : "answers");
        add("--validation", options.Use.HeldOut);
        add("--validate-every", options.ValidateEvery ?? 0);
        add("--patience", options.Patience ?? 0);
        add("--keep", options.KeepsBest ? "best" : "last");
    }
}
