using Chaku.Model.Files;

namespace Chaku.Model.Families;

/// <summary>The table of model families. A new family is one file and one line here.</summary>
internal static class ModelFamilies
{
    /// <summary>Where a GGUF file names its architecture.</summary>
    public const string ArchitectureKey = "general.architecture";

    private const string ModelTypeKey = "model_type";

    /// <summary>Every family.</summary>
    public static readonly IReadOnlyList<ModelFamily> All =
    [
        new LlamaFamily(),
        new FalconFamily(),
        new BloomFamily(),
        new GptNeoXFamily(),
        new GptJFamily(),
        new Gpt2Family(),
        new MptFamily(),
        new Qwen2Family(),
        new Qwen3Family(),
        new Qwen3MoeFamily(),
        new Gemma2Family(),
        new Phi3Family(),
    ];

    /// <summary>The family of a GGUF file.</summary>
    /// <exception cref="ModelFormatException">The file names no family, or one that is not in the table.</exception>
    public static ModelFamily OfGguf(Metadata metadata) =>
        Find(metadata[ArchitectureKey], "architectures", family => family.Architectures);

    /// <summary>The family of a Hugging Face folder.</summary>
    /// <exception cref="ModelFormatException">
    /// <c>config.json</c> names no family, or one that is not in the table.
    /// </exception>
    public static ModelFamily OfHuggingFace(Metadata config) =>
        Find(config[ModelTypeKey], "model types", family => family.ModelTypes);

    private static ModelFamily Find(
        MetadataValue value, string what, Func<ModelFamily, IReadOnlyList<string>> names)
    {
        string name = value.AsString();
        return All.FirstOrDefault(family => names(family).Contains(name))
            ?? throw value.Wrong($"one of the {what} {string.Join(", ", All.SelectMany(names))}");
    }
}
