using Chaku.Kernels.Cache;
using Chaku.Kernels.Ops;
using Chaku.Model.Adapters;
using Chaku.Model.Families;
using Chaku.Model.Generation.Samplers;
using Chaku.Model.Licenses;
using Chaku.Model.Templates;
using Chaku.Model.Tokenizers;
using Chaku.Tests;
using Chaku.Training;
using Chaku.Training.Datasets;
using Chaku.Training.Datasets.Containers;
using Chaku.Training.Optimisation;

namespace Chaku.Cli.Tests.House;

/// <summary>
/// Every entry of every table has tests, and golden data of an independent program or is named as unproven. Tensor
/// formats have tests of their own for it, beside their suites.
/// </summary>
public sealed class CompletenessTests
{
    private const string Shared = "../shared/fixtures/";

    private static readonly (string Table, IEnumerable<string> Entries)[] Tables =
    [
        ("cache type", KvFormats.All.Select(entry => entry.Name)),
        ("activation", ActivationFunctions.All.Select(entry => entry.Name)),
        ("family", ModelFamilies.All.SelectMany(entry => entry.Architectures.Concat(entry.ModelTypes).Distinct())),
        ("tokenizer", TokenizerKinds.All.Select(entry => entry.Name)),
        ("pre-tokenizer", PreTokenizers.All.SelectMany(entry => entry.Names)),
        ("template", ChatTemplates.All.Select(entry => entry.Name)),
        ("sampler", Samplers.All.Select(entry => entry.Name)),
        ("data set format", DatasetFormats.All.Select(entry => entry.Name)),
        ("data set container", DatasetContainers.All.Select(entry => entry.Name)),
        ("schedule", LearningRateSchedules.All.Select(entry => entry.Name)),
        ("optimiser", OptimiserKinds.All.Select(entry => entry.Name)),
        ("adapter container", AdapterContainers.All.Select(entry => entry.Name)),
        ("licence", KnownLicenses.All.Select(entry => entry.Id)),
        ("recipe", TuneRecipes.All.Select(entry => entry.Name)),
        ("command", Cli.Commands.Commands.Create().Select(entry => entry.Name)),
    ];

    // One line for each entry: the class that tests it, and its golden data; without these it is unproven, tested only
    // against its definition and values worked out by hand.
    private static readonly Proof[] Proofs =
    [
        new("cache type", "f32", "GoldenLogitsTests", "tests/testdata/models/tiny/llama-gqa.logits"),
        new("cache type", "f16", "KvFormatsTests"),
        new("cache type", "q8_0", "KvFormatsTests"),
        new("activation", "silu", "ActivationFunctionsTests", "tests/testdata/models/tiny/llama-gqa.logits"),
        new("activation", "gelu", "ActivationFunctionsTests", "tests/testdata/models/folders/mpt.logits"),
        new("activation", "gelu-tanh", "ActivationFunctionsTests", "tests/testdata/models/folders/bloom-6h.logits"),
        new("activation", "relu", "ActivationFunctionsTests"),
        new("family", "llama", "GoldenLogitsTests", "tests/testdata/models/tiny/llama-gqa.logits"),
        new("family", "mistral", "GoldenLogitsTests", "tests/testdata/models/folders/mistral-window.logits"),
        new("family", "mixtral", "GoldenLogitsTests", "tests/testdata/models/folders/mixtral.logits"),
        new("family", "falcon", "GoldenLogitsTests", "tests/testdata/models/folders/falcon-40b.logits"),
        new("family", "RefinedWeb", "FalconFamilyTests"),
        new("family", "RefinedWebModel", "FalconFamilyTests"),
        new("family", "bloom", "GoldenLogitsTests", "tests/testdata/models/folders/bloom-6h.logits"),
        new("family", "gptneox", "GoldenLogitsTests", Shared + "models/tiny/gptneox-parallel.logits"),
        new("family", "gpt_neox", "GoldenLogitsTests", "tests/testdata/models/folders/gptneox-sequential.logits"),
        new("family", "gptj", "GoldenLogitsTests", "tests/testdata/models/folders/gptj.logits"),
        new("family", "gpt2", "GoldenLogitsTests", "tests/testdata/models/folders/gpt2.logits"),
        new("family", "mpt", "GoldenLogitsTests", "tests/testdata/models/folders/mpt.logits"),
        new("family", "qwen2", "GoldenLogitsTests", Shared + "models/tiny/qwen2.logits"),
        new("family", "qwen3", "GoldenLogitsTests", "tests/testdata/models/folders/qwen3.logits"),
        new("family", "qwen3moe", "GoldenLogitsTests", "tests/testdata/models/families/qwen3-moe.logits"),
        new("family", "qwen3_moe", "GoldenLogitsTests", "tests/testdata/models/folders/qwen3-moe.logits"),
        new("family", "gemma2", "GoldenLogitsTests", "tests/testdata/models/folders/gemma2.logits"),
        new("family", "phi3", "GoldenLogitsTests", "tests/testdata/models/folders/phi3-window.logits"),
        new("tokenizer", "llama", "TokenizerVectorTests", Shared + "tokenizers/ggml-vocab-llama-spm.gguf.out"),
        new("tokenizer", "gpt2", "TokenizerVectorTests", Shared + "tokenizers/ggml-vocab-gpt-2.gguf.out"),
        new("pre-tokenizer", "gpt-2", "PreTokenizerTests", Shared + "tokenizers/ggml-vocab-gpt-2.gguf.out"),
        new("pre-tokenizer", "phi-2", "PreTokenizerTests"),
        new("pre-tokenizer", "mpt", "PreTokenizerTests"),
        new("pre-tokenizer", "olmo", "PreTokenizerTests"),
        new("pre-tokenizer", "jais", "PreTokenizerTests"),
        new("pre-tokenizer", "gigachat", "PreTokenizerTests"),
        new("pre-tokenizer", "mellum", "PreTokenizerTests"),
        new("pre-tokenizer", "a.x-4.0", "PreTokenizerTests"),
        new("pre-tokenizer", "exaone4", "PreTokenizerTests"),
        new("pre-tokenizer", "trillion", "PreTokenizerTests"),
        new("pre-tokenizer", "granite-docling", "PreTokenizerTests"),
        new("pre-tokenizer", "falcon", "PreTokenizerTests", Shared + "tokenizers/ggml-vocab-falcon.gguf.out"),
        new("pre-tokenizer", "starcoder", "PreTokenizerTests", Shared + "tokenizers/ggml-vocab-starcoder.gguf.out"),
        new("pre-tokenizer", "refact", "PreTokenizerTests"),
        new("pre-tokenizer", "command-r", "PreTokenizerTests"),
        new("pre-tokenizer", "smollm", "PreTokenizerTests"),
        new("pre-tokenizer", "codeshell", "PreTokenizerTests"),
        new("pre-tokenizer", "exaone", "PreTokenizerTests"),
        new("pre-tokenizer", "minerva-7b", "PreTokenizerTests"),
        new("pre-tokenizer", "mellum2", "PreTokenizerTests"),
        new("pre-tokenizer", "llama-bpe", "PreTokenizerTests", Shared + "tokenizers/ggml-vocab-llama-bpe.gguf.out"),
        new("pre-tokenizer", "llama3", "PreTokenizerTests"),
        new("pre-tokenizer", "llama-v3", "PreTokenizerTests"),
        new("pre-tokenizer", "falcon3", "PreTokenizerTests"),
        new("pre-tokenizer", "falcon-h1", "PreTokenizerTests"),
        new("pre-tokenizer", "pixtral", "PreTokenizerTests"),
        new("pre-tokenizer", "midm-2.0", "PreTokenizerTests"),
        new("pre-tokenizer", "lfm2", "PreTokenizerTests"),
        new("pre-tokenizer", "smaug-bpe", "PreTokenizerTests"),
        new("pre-tokenizer", "dbrx", "PreTokenizerTests"),
        new("pre-tokenizer", "glm4", "PreTokenizerTests"),
        new("pre-tokenizer", "chatglm-bpe", "PreTokenizerTests"),
        new("pre-tokenizer", "qwen2", "PreTokenizerTests", Shared + "tokenizers/ggml-vocab-qwen2.gguf.out"),
        new("pre-tokenizer", "deepseek-r1-qwen", "PreTokenizerTests"),
        new("pre-tokenizer", "stablelm2", "PreTokenizerTests"),
        new("pre-tokenizer", "megrez", "PreTokenizerTests"),
        new("pre-tokenizer", "hunyuan", "PreTokenizerTests"),
        new("pre-tokenizer", "grok-2", "PreTokenizerTests"),
        new("pre-tokenizer", "kormo", "PreTokenizerTests"),
        new("pre-tokenizer", "f2llmv2", "PreTokenizerTests"),
        new("pre-tokenizer", "solar-open", "PreTokenizerTests"),
        new("pre-tokenizer", "qwen35", "PreTokenizerTests"),
        new("pre-tokenizer", "bloom", "PreTokenizerTests"),
        new("pre-tokenizer", "poro-chat", "PreTokenizerTests"),
        new("pre-tokenizer", "gpt3-finnish", "PreTokenizerTests"),
        new("pre-tokenizer", "viking", "PreTokenizerTests"),
        new("pre-tokenizer", "tekken", "PreTokenizerTests"),
        new("pre-tokenizer", "gpt-4o", "PreTokenizerTests"),
        new("pre-tokenizer", "llama4", "PreTokenizerTests"),
        new("pre-tokenizer", "kanana2", "PreTokenizerTests"),
        new("pre-tokenizer", "talkie", "PreTokenizerTests"),
        new("pre-tokenizer", "minimax-m2", "PreTokenizerTests"),
        new("pre-tokenizer", "deepseek-llm", "PreTokenizerTests"),
        new("pre-tokenizer", "deepseek-coder", "PreTokenizerTests"),
        new("pre-tokenizer", "deepseek-v3", "PreTokenizerTests"),
        new("pre-tokenizer", "hunyuan-dense", "PreTokenizerTests"),
        new("pre-tokenizer", "joyai-llm", "PreTokenizerTests"),
        new("pre-tokenizer", "bailingmoe", "PreTokenizerTests"),
        new("pre-tokenizer", "bailingmoe2", "PreTokenizerTests"),
        new("pre-tokenizer", "llada-moe", "PreTokenizerTests"),
        new("pre-tokenizer", "seed-coder", "PreTokenizerTests"),
        new("pre-tokenizer", "minicpm5", "PreTokenizerTests"),
        new("pre-tokenizer", "chameleon", "PreTokenizerTests"),
        new("pre-tokenizer", "laguna", "PreTokenizerTests"),
        new("template", "alpaca", "BuiltInTemplateTests"),
        new("template", "alpaca-lora", "BuiltInTemplateTests"),
        new("template", "alpaca-fastchat", "BuiltInTemplateTests"),
        new(
            "template",
            "chatml",
            "ChatTemplateTests",
            Shared + "templates/goldens/Qwen-Qwen2-7B-Instruct-simple.txt"),
        new("template", "dolly", "BuiltInTemplateTests"),
        new("template", "falcon-instruct", "BuiltInTemplateTests"),
        new("template", "falcon-180b-chat", "BuiltInTemplateTests"),
        new(
            "template",
            "llama-2",
            "ChatTemplateTests",
            Shared + "templates/goldens/bofenghuang-vigogne-2-70b-chat-simple.txt"),
        new(
            "template",
            "llama-3",
            "ChatTemplateTests",
            Shared + "templates/goldens/meta-llama-Meta-Llama-3.1-8B-Instruct-system.txt"),
        new(
            "template",
            "mistral",
            "ChatTemplateTests",
            Shared + "templates/goldens/mistralai-Mistral-7B-Instruct-v0.2-system.txt"),
        new("template", "oasst", "BuiltInTemplateTests"),
        new("template", "vicuna-v0", "BuiltInTemplateTests"),
        new("template", "vicuna-v1.1", "BuiltInTemplateTests"),
        new("sampler", "logit bias", "SamplersTests"),
        new("sampler", "repetition penalty", "SamplersTests"),
        new("sampler", "frequency and presence penalty", "SamplersTests"),
        new("sampler", "temperature", "SamplersTests"),
        new("sampler", "top-k", "SamplersTests"),
        new("sampler", "top-p", "SamplersTests"),
        new("sampler", "min-p", "SamplersTests"),
        new("data set format", "alpaca", "AlpacaFormatTests"),
        new("data set format", "dolly", "DollyFormatTests"),
        new("data set format", "sharegpt", "TurnsFormatTests"),
        new("data set format", "openai", "TurnsFormatTests"),
        new("data set format", "oasst", "OpenAssistantFormatTests"),
        new("data set format", "oasst-all", "OpenAssistantFormatTests"),
        new("data set format", "text", "TextWindowTests"),
        new("data set container", "json", "AlpacaFormatTests"),
        new("data set container", "csv", "CsvContainerTests"),
        new("data set container", "parquet", "ParquetContainerTests", "tests/testdata/datasets/messages.parquet"),
        new("data set container", "plain", "PlainFolderTests"),
        new("schedule", "cosine", "LearningRateSchedulesTests"),
        new("schedule", "linear", "LearningRateSchedulesTests"),
        new("schedule", "constant", "LearningRateSchedulesTests"),
        new("optimiser", "adamw", "OptimiserKindsTests", "tests/testdata/oracle/llama-gqa.lora.safetensors"),
        new("optimiser", "adamw-8bit", "OptimiserKindsTests"),
        new(
            "adapter container",
            "GGUF",
            "GgufAdapterTests",
            "tests/testdata/oracle/gguf-adapter/llama-gqa.lora-init.gguf"),
        new(
            "adapter container",
            "PEFT",
            "PeftGoldenTests",
            "tests/testdata/oracle/peft/llama-gqa/adapter_model.safetensors"),
        new("licence", "apache-2.0", "KnownLicensesTests"),
        new("licence", "mit", "KnownLicensesTests"),
        new("licence", "bsd", "KnownLicensesTests"),
        new("licence", "bsl-1.0", "KnownLicensesTests"),
        new("licence", "afl-3.0", "KnownLicensesTests"),
        new("licence", "cc0-1.0", "KnownLicensesTests"),
        new("licence", "cc-by-4.0", "KnownLicensesTests"),
        new("licence", "cc-by-sa-4.0", "KnownLicensesTests"),
        new("licence", "cc-by-sa-3.0", "KnownLicensesTests"),
        new("licence", "cc-by-nc-4.0", "KnownLicensesTests"),
        new("licence", "cc-by-nc-sa-4.0", "KnownLicensesTests"),
        new("licence", "cc-by-nd-4.0", "KnownLicensesTests"),
        new("licence", "cc-by-nc-nd-4.0", "KnownLicensesTests"),
        new("licence", "odc-by", "KnownLicensesTests"),
        new("licence", "odbl", "KnownLicensesTests"),
        new("licence", "cdla-permissive-2.0", "KnownLicensesTests"),
        new("licence", "cdla-sharing-1.0", "KnownLicensesTests"),
        new("licence", "gpl-3.0", "KnownLicensesTests"),
        new("licence", "lgpl-3.0", "KnownLicensesTests"),
        new("licence", "agpl-3.0", "KnownLicensesTests"),
        new("licence", "llama-1", "KnownLicensesTests"),
        new("licence", "llama2", "KnownLicensesTests"),
        new("licence", "llama3", "KnownLicensesTests"),
        new("licence", "llama3.1", "KnownLicensesTests"),
        new("licence", "llama3.2", "KnownLicensesTests"),
        new("licence", "llama3.3", "KnownLicensesTests"),
        new("licence", "llama4", "KnownLicensesTests"),
        new("licence", "gemma", "KnownLicensesTests"),
        new("licence", "bigscience-bloom-rail-1.0", "KnownLicensesTests"),
        new("licence", "bigscience-openrail-m", "KnownLicensesTests"),
        new("licence", "openrail", "KnownLicensesTests"),
        new("licence", "falcon-180b", "KnownLicensesTests"),
        new("licence", "falcon-llm", "KnownLicensesTests"),
        new("licence", "tongyi-qianwen", "KnownLicensesTests"),
        new("recipe", "alpaca-lora", "TuneRecipesTests"),
        new("recipe", "vicuna", "TuneRecipesTests"),
        new("recipe", "dolly", "TuneRecipesTests"),
        new("recipe", "qlora", "TuneRecipesTests"),
        new("command", "own", "OwnCommandTests"),
        new("command", "train", "TrainCommandTests"),
        new("command", "convert", "ConvertCommandTests", "tests/testdata/models/families/llama3.gguf"),
        new("command", "run", "RunCommandTests", Shared + "models/stories260K/EXPECTED.md"),
        new("command", "chat", "ChatCommandTests"),
        new("command", "data", "DataCommandTests"),
        new("command", "tune", "TuneCommandTests"),
        new("command", "pull", "HubCommandTests"),
        new("command", "list", "HubCommandTests"),
        new("command", "remove", "HubCommandTests"),
        new("command", "quantize", "ModelQuantiserTests", "tests/testdata/quant/Q4_0.blocks"),
        new("command", "merge", "MergeCommandTests", "tests/testdata/oracle/llama-gqa.lora.safetensors"),
        new("command", "show", "ScriptCommandTests"),
        new("command", "tokenize", "ScriptCommandTests", Shared + "tokenizers/ggml-vocab-llama-spm.gguf.out"),
        new("command", "logits", "ScriptCommandTests", "tests/testdata/models/tiny/llama-gqa.logits"),
        new("command", "perplexity", "ScriptCommandTests"),
    ];

    [Fact]
    public void Every_entry_of_every_table_has_one_line_and_every_line_an_entry() => Assert.Equal(
        Tables.SelectMany(table => table.Entries.Select(entry => (table.Table, entry))).Order(),
        Proofs.Select(proof => (proof.Table, proof.Entry)).Order());

    [Fact]
    public void Every_entrys_tests_exist()
    {
        HashSet<string> tested =
            [.. SourceFile.All.Where(file => file.IsTest && IsTested(file)).SelectMany(file => file.DeclaredTypes)];
        Findings.None(
            from proof in Proofs
            where !tested.Contains(proof.TestClass)
            select $"{proof.Table} {proof.Entry}: there are no tests {proof.TestClass}");
    }

    [Fact]
    public void Every_golden_is_there_and_what_has_none_is_named_as_unproven()
    {
        IEnumerable<string> unproven =
            from proof in Proofs
            where proof.Golden is null
            select $"{proof.Table} {proof.Entry}";
        TestContext.Current.TestOutputHelper?.WriteLine($"unproven: {string.Join(", ", unproven)}");
        bool hasShared = Directory.Exists(Path.Combine(Fixtures.Checkout, Shared));
        Findings.None(
            from proof in Proofs.Where(proof => proof.Golden is not null)
            let golden = proof.Golden!
            where hasShared || !golden.StartsWith(Shared, StringComparison.Ordinal)
            where !File.Exists(Path.Combine(Fixtures.Checkout, golden))
            select $"{proof.Table} {proof.Entry}: there is no {golden}");
    }

    private static bool IsTested(SourceFile file) => file.Names.Contains("Fact") || file.Names.Contains("Theory");

    private sealed record Proof(string Table, string Entry, string TestClass, string? Golden = null);
}
