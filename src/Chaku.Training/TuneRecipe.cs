using System.Globalization;
using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Model.Decoding;

namespace Chaku.Training;

/// <summary>The hyper-parameters of a published model: an entry of <see cref="TuneRecipes.All"/>.</summary>
/// <param name="Name">The name that a command line takes.</param>
/// <param name="Source">Where they were published.</param>
internal sealed record TuneRecipe(string Name, string Source)
{
    private const string Queries = "attn_q";
    private const string Fused = "attn_qkv";

    /// <summary>What it sets where an adapter is trained; null where nobody published that.</summary>
    public TuneOptions? Adapter { get; init; }

    /// <summary>What it sets where all weights are trained; null where nobody published that.</summary>
    public TuneOptions? Full { get; init; }

    /// <summary>What to take instead of what was not published.</summary>
    public string Otherwise { get; init; } = "";

    /// <summary>From how many parameters <see cref="ForLarge"/> applies.</summary>
    public long LargeParameterCount { get; init; } = long.MaxValue;

    /// <summary>What was published for large models.</summary>
    public Func<TuneOptions, TuneOptions> ForLarge { get; init; } = options => options;

    /// <summary>What the recipe sets, whatever the model.</summary>
    /// <exception cref="TrainingException">It was not published for this.</exception>
    public TuneOptions OptionsFor(bool isFull) =>
        ((isFull ? Full : Adapter) ?? throw new TrainingException(isFull
            ? $"the recipe {Name} trains an adapter, and no figures for all weights were published: leave out --full"
            : $"the recipe {Name} trains all weights (--full), and none were published for an adapter{Otherwise}"))
        with
        {
            Recipe = Name,
            IsFull = isFull,
        };

    /// <summary>What the recipe sets for a model, with what had to be changed to fit it.</summary>
    /// <param name="model">The base.</param>
    /// <param name="isFull">Whether all weights are trained.</param>
    /// <exception cref="TrainingException">It was not published for this.</exception>
    public RecipeFit FitTo(LanguageModel model, bool isFull)
    {
        long parameterCount = WeightList.Of(model.Decoder.Weights).Sum(
            tensor => tensor.Matrix is { } matrix ? (long)matrix.Rows * matrix.Columns : tensor.Vector.Length);
        return FitTo(
            isFull, parameterCount, model.Decoder.Config.ContextLength, AdaptableLinears.Of(model).All);
    }

    /// <summary>The same, of what matters of a model.</summary>
    /// <param name="isFull">Whether all weights are trained.</param>
    /// <param name="parameterCount">Numbers in the model.</param>
    /// <param name="contextLength">Positions that it has at most.</param>
    /// <param name="linears">Its matrices that an adapter can change.</param>
    /// <exception cref="TrainingException">It was not published for this.</exception>
    public RecipeFit FitTo(
        bool isFull, long parameterCount, int contextLength, IReadOnlyList<AdaptableLinear> linears)
    {
        TuneOptions options = OptionsFor(isFull);
        List<RecipeNotice> notices = [];
        if (parameterCount >= LargeParameterCount)
        {
            options = ForLarge(options);
            notices.Add(new(
                "lr", Format($"the model has {parameterCount} parameters: the figures for large models are taken")));
        }

        if (options.ContextLength is null)
        {
            options = options with { ContextLength = contextLength };
        }
        else if (options.ContextLength > contextLength)
        {
            notices.Add(new(
                "context",
                Format($"the context {options.ContextLength} is longer than the model's: {contextLength} is taken")));
            options = options with { ContextLength = contextLength };
        }

        string[] missing =
            [.. options.Targets.Where(target => !IsAll(target) && !linears.Any(linear => linear.IsCalled(target)))];
        if (!isFull && missing.Length > 0)
        {
            options = options with { Targets = Substitutes(linears, missing, notices) };
        }

        return new RecipeFit(options, notices);
    }

    private static bool IsAll(string target) => target == AdaptableLinears.AllLinear;

    // What holds the queries under another name, or queries, keys and values in one, as PEFT has it for such families.
    private string[] Substitutes(IReadOnlyList<AdaptableLinear> linears, string[] missing, List<RecipeNotice> notices)
    {
        string[] kinds = [.. linears.Select(linear => linear.GgufKind).Distinct()];
        string[] stand = kinds.Contains(Queries) ? [Queries, "attn_v"] : [Fused];
        string[] modules =
        [
            .. linears.Where(linear => stand.Contains(linear.GgufKind)).Select(linear => linear.ModuleKind).Distinct(),
        ];
        if (modules.Length == 0)
        {
            throw new TrainingException(
                $"the recipe {Name} adapts {string.Join(", ", missing)}, and the model has nothing like it: name " +
                "matrices with --targets " +
                $"({string.Join(", ", linears.Select(linear => linear.ModuleKind).Distinct())})");
        }

        notices.Add(new(
            "targets",
            $"the model has no {string.Join(" and no ", missing)}: {string.Join(", ", modules)} is adapted, which " +
            "holds them"));
        return modules;
    }

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A recipe's options for one model.</summary>
/// <param name="Options">What it sets.</param>
/// <param name="Notices">What is otherwise than published.</param>
internal sealed record RecipeFit(TuneOptions Options, IReadOnlyList<RecipeNotice> Notices);

/// <summary>Something that a recipe sets otherwise than it was published.</summary>
/// <param name="Field">A name of <see cref="TuneFields.All"/>.</param>
/// <param name="Text">What and why, a line.</param>
internal sealed record RecipeNotice(string Field, string Text);
