namespace Chaku.Tests;

/// <summary>The small models that tests run: every family, as GGUF files and as Hugging Face folders.</summary>
internal static class TestModels
{
    /// <summary>GGUF files of the clone, by folder and name.</summary>
    public static readonly IReadOnlyList<string> Files =
    [
        "tiny/llama-gqa", "tiny/llama-mqa-tied", "tiny/llama3-ropefreqs", "families/llama-linear", "families/llama3",
        "families/mixtral",
        "families/falcon-7b", "families/falcon-40b", "families/bloom-6h", "families/gptneox-sequential",
        "families/mpt", "families/mpt-6h-clip", "families/qwen3", "families/qwen3-moe", "families/gemma2",
        "families/phi3-longrope", "families/phi3-shortrope",
    ];

    /// <summary>Hugging Face folders of the clone.</summary>
    public static readonly IReadOnlyList<string> Folders =
    [
        "bloom-6h", "falcon-40b", "falcon-7b", "falcon-rw", "falcon-rw-12h", "gemma2", "gemma2-27b", "gpt2", "gptj",
        "gptneox-sequential", "llama-linear", "llama3", "mistral-window", "mixtral", "mpt", "mpt-6h-clip",
        "phi3-longrope", "phi3-window", "qwen3", "qwen3-moe",
    ];

    /// <summary>Models in the shared fixtures that the clone has not.</summary>
    public static readonly IReadOnlyList<string> SharedFiles =
        ["bloom-4h", "falcon-7b-style", "gpt2", "gptneox-parallel", "mixtral-moe", "phi3", "qwen2"];

    /// <summary>One of each family of the clone: a file where there is one, else a folder.</summary>
    public static readonly IReadOnlyList<string> OfEachFamily =
    [
        .. Files.Select(name => name + ".gguf"),
        "folders/falcon-rw", "folders/gpt2", "folders/gptj", "folders/mistral-window", "folders/phi3-window",
    ];

    /// <summary>The path of an entry of <see cref="OfEachFamily"/> or another place under testdata/models.</summary>
    public static string PathOf(string name) => Fixtures.TestData(["models", .. name.Split('/')]);
}
