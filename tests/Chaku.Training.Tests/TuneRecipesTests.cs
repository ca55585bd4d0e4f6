using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Tests;
using Chaku.Training.Optimisation;

namespace Chaku.Training.Tests;

/// <summary>
/// The figures of each recipe against those that were published, written down here by hand from the scripts themselves.
/// </summary>
public sealed class TuneRecipesTests
{
    private const long SevenBillion = 6_738_415_616;
    private const long SixtyFiveBillion = 65_285_660_672;

    // Defaults of transformers.TrainingArguments (4.28): learning rate schedule linear, no warm-up, weight decay 0,
    // Adam's betas 0.9 and 0.999, epsilon 1e-8, norm of gradients 1 at most. A script changes what it names.
    private static readonly Dictionary<string, Published> Table = new()
    {
        // tloen/alpaca-lora, finetune.py: the defaults of train(), warmup_steps=100, train_on_inputs=True.
        ["alpaca-lora"] = new(3e-4, "linear", 128, 256, 3)
        {
            Rank = 8,
            Alpha = 16,
            Dropout = 0.05,
            Targets = "q_proj,v_proj",
            WarmupSteps = 100,
            LearnsInputs = true,
            HeldOut = 2000,
            Template = "alpaca-lora",
            RecordsPerBatch = 4,
        },

        // lm-sys/FastChat, scripts/train_lora.sh and LoraArguments of fastchat/train/train_lora.py.
        ["vicuna"] = new(2e-5, "cosine", 128, 2048, 3)
        {
            Rank = 8,
            Alpha = 16,
            Dropout = 0.05,
            Targets = "q_proj,v_proj",
            WarmupShare = 0.03,
            Template = "vicuna-v1.1",
        },

        // lm-sys/FastChat, README.md, "Fine-tuning Vicuna-7B": 4 GPUs x 2 records x 16; the paper's table has the same.
        ["vicuna --full"] = new(2e-5, "cosine", 128, 2048, 3) { WarmupShare = 0.03, Template = "vicuna-v1.1" },

        // databrickslabs/dolly, train_dolly.py (8 GPUs x 6 records) and config/ds_z3_bf16_config.json: WarmupLR, which
        // stays at the top; training/trainer.py: seed 42, the context is the model's, answers only.
        ["dolly --full"] = new(5e-6, "constant", 48, 2048, 2)
        {
            WarmupSteps = 50,
            HeldOut = 200,
            Template = "dolly",
            Seed = 42,
            RecordsPerBatch = 6,
        },

        // artidoro/qlora, scripts/finetune_guanaco_7b.sh; for OASST1 qlora.py has no source, all text is the target.
        // 1875 steps of 16 records out of 9,846 - 1,024.
        ["qlora"] = new(2e-4, "constant", 16, 512, 3.4)
        {
            Rank = 64,
            Alpha = 16,
            Dropout = 0.1,
            Targets = "all-linear",
            WarmupShare = 0.03,
            ClipNorm = 0.3,
            LearnsInputs = true,
            HeldOut = 1024,
            RecordsPerBatch = 4,
        },
    };

    public static TheoryData<string> Published_figures => [.. Table.Keys];

    [Theory]
    [MemberData(nameof(Published_figures))]
    public void A_recipe_has_the_published_figures(string name)
    {
        Published published = Table[name];
        bool isFull = name.EndsWith(" --full", StringComparison.Ordinal);
        TuneRecipe recipe = TuneRecipes.Find(name.Split(' ')[0]);
        RecipeFit fit = recipe.FitTo(isFull, SevenBillion, 2048, Llama());
        TuneOptions options = fit.Options;

        Assert.Empty(fit.Notices);
        Assert.Equal(recipe.Name, options.Recipe);
        Assert.Equal(isFull, options.IsFull);
        Assert.Equal(published.LearningRate, options.LearningRate);
        Assert.Equal(published.Schedule, options.Schedule);
        Assert.Equal(published.Records, options.BatchSize * options.Accumulation);
        Assert.Equal(published.RecordsPerBatch ?? options.BatchSize, options.BatchSize);
        Assert.False(options.IsPacked, "a batch is counted in records");
        Assert.Equal(published.ContextLength, options.ContextLength);
        Assert.Equal(published.Epochs, options.Epochs, 2);
        Assert.Null(options.Steps);
        Assert.Equal(published.WarmupSteps, options.WarmupSteps);
        Assert.Equal(published.WarmupSteps is null ? published.WarmupShare : 0.1, options.WarmupShare);
        Assert.Equal(published.ClipNorm, options.ClipNorm);
        Assert.Equal(0, options.WeightDecay);
        Assert.Equal(0.999, options.Beta2);
        Assert.Equal(published.LearnsInputs, options.LearnsInputs);
        Assert.Equal(published.HeldOut, options.ValidationCount);
        Assert.Equal(published.Template, options.RecipeTemplate);
        Assert.Equal(published.Seed, options.Seed);
        Assert.Equal(isFull, !options.AsksForAdapter);
        if (!isFull)
        {
            Assert.Equal(published.Rank, options.Rank);
            Assert.Equal(published.Alpha, options.Alpha);
            Assert.Equal(published.Dropout, options.Dropout);
            Assert.Equal(published.Targets, string.Join(',', options.Targets));
        }
    }

    [Fact]
    public void Every_variant_of_every_recipe_is_in_the_table_above() => Assert.Equal(
        Table.Keys.Order(),
        TuneRecipes.All.SelectMany(recipe => new[]
        {
            recipe.Adapter is null ? null : recipe.Name,
            recipe.Full is null ? null : recipe.Name + " --full",
        }).OfType<string>().Order());

    [Fact]
    public void Every_name_in_a_recipe_is_an_entry_of_its_table()
    {
        foreach (TuneOptions options in TuneRecipes.All.SelectMany(recipe => new[] { recipe.Adapter, recipe.Full })
            .OfType<TuneOptions>())
        {
            Assert.Contains(options.Schedule, LearningRateSchedules.All.Select(entry => entry.Name));
            Assert.Contains(options.Optimiser, OptimiserKinds.All.Select(entry => entry.Name));
            if (options.RecipeTemplate is { } template)
            {
                _ = Model.Templates.ChatTemplates.Find(template);
            }
        }
    }

    [Fact]
    public void QLoRA_takes_the_figures_for_large_models_from_33B_on()
    {
        RecipeFit fit = TuneRecipes.Find("qlora").FitTo(false, SixtyFiveBillion, 2048, Llama());

        // scripts/finetune_guanaco_33b.sh and _65b.sh.
        Assert.Equal(1e-4, fit.Options.LearningRate);
        Assert.Equal(0.05, fit.Options.Dropout);
        Assert.Contains("large models", Assert.Single(fit.Notices).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_not_published_is_refused_with_another_way()
    {
        TrainingException full = Assert.Throws<TrainingException>(
            () => TuneRecipes.Find("alpaca-lora").OptionsFor(isFull: true));
        Assert.Contains("leave out --full", full.Message, StringComparison.Ordinal);
        TrainingException adapter = Assert.Throws<TrainingException>(
            () => TuneRecipes.Find("dolly").OptionsFor(isFull: false));
        Assert.Contains("--recipe alpaca-lora --template dolly", adapter.Message, StringComparison.Ordinal);
        Assert.Contains(
            "alpaca-lora, vicuna, dolly, qlora",
            Assert.Throws<TrainingException>(() => TuneRecipes.Find("koala")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_context_longer_than_the_models_is_cut_and_said()
    {
        RecipeFit fit = TuneRecipes.Find("vicuna").FitTo(false, SevenBillion, 512, Llama());

        Assert.Equal(512, fit.Options.ContextLength);
        Assert.Equal(
            new RecipeNotice("context", "the context 2048 is longer than the model's: 512 is taken"),
            Assert.Single(fit.Notices));
    }

    public static TheoryData<string> Families => [.. TestModels.OfEachFamily];

    [Theory]
    [MemberData(nameof(Families))]
    public void Queries_and_values_are_found_in_every_family_under_its_own_names(string name)
    {
        using LanguageModel model = LanguageModel.Load(TestModels.PathOf(name), new ModelOptions { Repack = false });
        AdaptableLinears linears = AdaptableLinears.Of(model);

        RecipeFit fit = TuneRecipes.Find("alpaca-lora").FitTo(model, isFull: false);

        IReadOnlyList<AdaptableLinear> adapted = linears.Select(fit.Options.Targets);
        Assert.All(adapted, linear => Assert.Contains(linear.GgufKind, new[] { "attn_q", "attn_v", "attn_qkv" }));
        int perLayer = adapted.Any(linear => linear.GgufKind == "attn_qkv") ? 1 : 2;
        Assert.Equal(perLayer * model.Decoder.Config.LayerCount, adapted.Count);
        Assert.Equal(perLayer == 1, fit.Notices.Any(notice => notice.Field == "targets"));
    }

    [Fact]
    public void A_model_without_anything_like_queries_is_refused_with_what_it_has()
    {
        AdaptableLinear[] others =
            [.. Llama().Where(linear => !linear.GgufKind.StartsWith("attn_", StringComparison.Ordinal))];

        TrainingException refusal = Assert.Throws<TrainingException>(
            () => TuneRecipes.Find("alpaca-lora").FitTo(false, SevenBillion, 2048, others));

        Assert.Contains("--targets", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("gate_proj", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_option_of_a_run_is_a_field_of_its_report()
    {
        HashSet<string> silent =
        [
            "Adapter", "AsksForAdapter", "Checkpoints", "ChecksMemory", "GradientCheckpointing", "KeepsBest",
            "MemoryLimitBytes", "RecipeTemplate", "Tariff", "Use", "ValidationCount",
        ];
        int properties = typeof(TuneOptions).GetProperties().Count(property =>
            !silent.Contains(property.Name) && property.GetMethod is { IsStatic: false }
            && property.Name != "EqualityContract");

        Assert.Equal(properties, TuneFields.All.Count);
    }

    [Theory]
    [InlineData(3e-4, "3e-4")]
    [InlineData(2.5e-5, "2.5e-5")]
    [InlineData(0.05, "0.05")]
    [InlineData(0.0, "0")]
    [InlineData(16.0, "16")]
    [InlineData(3.4, "3.4")]
    [InlineData(true, "on")]
    [InlineData(2000, "2000")]
    public void Figures_are_written_as_people_write_them(object value, string expected) =>
        Assert.Equal(expected, TuneField.Spell(value));

    private static IReadOnlyList<AdaptableLinear> Llama()
    {
        using LanguageModel model = LanguageModel.Load(
            Fixtures.TestData("models", "tiny", "llama-gqa.gguf"), new ModelOptions { Repack = false });
        return AdaptableLinears.Of(model).All;
    }

    private sealed record Published(
        double LearningRate, string Schedule, int Records, int ContextLength, double Epochs)
    {
        public int Rank { get; init; }

        public float Alpha { get; init; }

        public double Dropout { get; init; }

        public string Targets { get; init; } = "";

        public long? WarmupSteps { get; init; }

        public double WarmupShare { get; init; }

        public double ClipNorm { get; init; } = 1;

        public bool LearnsInputs { get; init; }

        public int? HeldOut { get; init; }

        public string? Template { get; init; }

        public ulong Seed { get; init; }

        public int? RecordsPerBatch { get; init; }
    }
}
