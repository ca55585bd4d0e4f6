using System.Globalization;

namespace Chaku.Training;

/// <summary>One of <see cref="TuneOptions"/>, as reports name it: an entry of <see cref="TuneFields.All"/>.</summary>
/// <param name="Name">The command line's name for it, without its dashes.</param>
/// <param name="Value">A number, a text or a truth; null where it does not apply.</param>
internal sealed record TuneField(string Name, Func<TuneOptions, object?> Value)
{
    /// <summary>Whether it is of an adapter only.</summary>
    public bool IsOfAdapter { get; init; }

    /// <summary>The value for people; null where it does not apply.</summary>
    public string? Text(TuneOptions options) =>
        IsOfAdapter && options.IsFull ? null : Spell(Value(options));

    /// <summary>A number as people write it: 0.05, 3e-4.</summary>
    public static string? Spell(object? value) => value switch
    {
        null => null,
        double number when Math.Abs(number) is > 0 and < 1e-3 =>
            number.ToString("0.###e-0", CultureInfo.InvariantCulture),
        double number => number.ToString("0.######", CultureInfo.InvariantCulture),
        bool truth => truth ? "on" : "off",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };
}

/// <summary>The options of a run as a list: what a recipe's line, the record of a run and a model card show.</summary>
internal static class TuneFields
{
    /// <summary>Every field, in the order of a report.</summary>
    public static readonly IReadOnlyList<TuneField> All =
    [
        new("recipe", options => options.Recipe),
        new("full", options => options.IsFull ? true : null),
        new("rank", options => options.Rank) { IsOfAdapter = true },
        new("alpha", options => (double)(options.Alpha ?? (2 * options.Rank))) { IsOfAdapter = true },
        new("rslora", options => options.IsRankStabilised ? true : null) { IsOfAdapter = true },
        new("dora", options => options.IsWeightDecomposed ? true : null) { IsOfAdapter = true },
        new("dropout", options => options.Dropout) { IsOfAdapter = true },
        new("targets", options => string.Join(',', options.Targets)) { IsOfAdapter = true },
        new("lr", options => options.LearningRate),
        new("loraplus", options => options.LoraPlusRatio == 1 ? null : options.LoraPlusRatio) { IsOfAdapter = true },
        new("optimizer", options => options.Optimiser),
        new("beta2", options => options.Beta2),
        new("weight-decay", options => options.WeightDecay),
        new("clip", options => options.ClipNorm),
        new("schedule", options => options.Schedule),
        new("warmup", options => options.WarmupSteps),
        new("warmup-ratio", options => options.WarmupShare),
        new("steps", options => options.Steps),
        new("epochs", options => options.Steps is null ? options.Epochs : null),
        new("batch", options => options.BatchSize),
        new("accumulate", options => options.Accumulation),
        new("no-packing", options => options.IsPacked ? null : true),
        new("context", options => options.ContextLength),
        new("seed", options => options.Seed),
        new("train-on", options => options.LearnsInputs ? "inputs" : "answers"),
        new("validation", Validation),
        new("validate-every", options => options.ValidateEvery),
        new("patience", options => options.Patience),
        new("keep", options => options.Use.HoldsOut ? options.KeepsBest ? "best" : "last" : null),
        new("template", options => options.Template ?? options.RecipeTemplate),
        new("format", options => options.Format),
        new("data-license", options => options.DataLicense),
    ];

    /// <summary>What is set, a name and a value each.</summary>
    public static IEnumerable<(string Name, string Text)> Of(TuneOptions options) =>
        from field in All
        let text = field.Text(options)
        where text is not null
        select (field.Name, text);

    private static object? Validation(TuneOptions options) =>
        options.ValidationCount is { } count
            ? options.ValidationShare > 0
                ? $"{count} (but {TuneField.Spell(options.ValidationShare)} of all at most)"
                : count
            : options.ValidationShare > 0 ? options.ValidationShare : null;
}
