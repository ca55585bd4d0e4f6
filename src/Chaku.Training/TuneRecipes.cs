using Chaku.Model.Adapters;

namespace Chaku.Training;

/// <summary>
/// The table of recipes. A new one is one entry here; docs/recipes.md says where each figure was published, and what is
/// otherwise here.
/// </summary>
internal static class TuneRecipes
{
    // A number of steps or records that was published for its data is taken for less data as a tenth at most.
    private const double MostShare = 0.1;

    private static readonly string[] QueriesAndValues = ["q_proj", "v_proj"];

    // What Hugging Face's Trainer does where a script says nothing: no weight decay, a linear fall, norms up to 1.
    private static readonly TuneOptions Trainer = new()
    {
        Beta2 = 0.999,
        ClipNorm = 1,
        IsPacked = false,
        Schedule = "linear",
        WarmupShare = 0,
        WeightDecay = 0,
    };

    private static readonly TuneOptions Vicuna = Trainer with
    {
        LearningRate = 2e-5,
        Schedule = "cosine",
        WarmupShare = 0.03,
        Epochs = 3,
        BatchSize = 4,
        Accumulation = 32,
        ContextLength = 2048,
        RecipeTemplate = "vicuna-v1.1",
    };

    /// <summary>Every recipe.</summary>
    public static readonly IReadOnlyList<TuneRecipe> All =
    [
        new("alpaca-lora", "github.com/tloen/alpaca-lora, finetune.py")
        {
            Adapter = Trainer with
            {
                Rank = 8,
                Alpha = 16,
                Dropout = 0.05,
                Targets = QueriesAndValues,
                LearningRate = 3e-4,
                WarmupSteps = 100,
                WarmupShare = MostShare,
                Epochs = 3,
                BatchSize = 4,
                Accumulation = 32,
                ContextLength = 256,
                LearnsInputs = true,
                ValidationCount = 2000,
                ValidationShare = MostShare,
                RecipeTemplate = "alpaca-lora",
            },
        },
        new("vicuna", "github.com/lm-sys/FastChat, README.md; for an adapter scripts/train_lora.sh")
        {
            Adapter = Vicuna with { Rank = 8, Alpha = 16, Dropout = 0.05, Targets = QueriesAndValues },
            Full = Vicuna,
        },
        new("dolly", "github.com/databrickslabs/dolly, train_dolly.py (v2)")
        {
            Full = Trainer with
            {
                LearningRate = 5e-6,
                Schedule = "constant",
                WarmupSteps = 50,
                WarmupShare = MostShare,
                Epochs = 2,
                BatchSize = 6,
                Accumulation = 8,
                Seed = 42,
                ValidationCount = 200,
                ValidationShare = MostShare,
                RecipeTemplate = "dolly",
            },
            Otherwise = ": take --recipe alpaca-lora --template dolly",
        },
        new("qlora", "github.com/artidoro/qlora, scripts/finetune_guanaco_*.sh")
        {
            Adapter = Trainer with
            {
                Rank = 64,
                Alpha = 16,
                Dropout = 0.1,
                Targets = [AdaptableLinears.AllLinear],
                LearningRate = 2e-4,
                Schedule = "constant",
                WarmupShare = 0.03,

                // 1875 steps of 16 records, of the 9,846 - 1,024 of OASST1 that were trained on.
                Epochs = 3.4,
                BatchSize = 4,
                Accumulation = 4,
                ContextLength = 512,
                ClipNorm = 0.3,
                LearnsInputs = true,
                ValidationCount = 1024,
                ValidationShare = MostShare,
            },

            // The script for 13B has the figures of 7B, that for 33B those of 65B.
            LargeParameterCount = 30_000_000_000,
            ForLarge = options => options with { Dropout = 0.05, LearningRate = 1e-4 },
        },
    ];

    /// <summary>The names, for people.</summary>
    public static string Names => string.Join(", ", All.Select(recipe => recipe.Name));

    /// <summary>The entry of that name.</summary>
    /// <exception cref="TrainingException">There is none; the message has the table's.</exception>
    public static TuneRecipe Find(string name) =>
        All.FirstOrDefault(recipe => recipe.Name == name)
        ?? throw new TrainingException($"there is no recipe '{name}': choose one of {Names}");
}
