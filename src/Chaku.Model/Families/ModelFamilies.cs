using Chaku.Model.Files;

namespace Chaku.Model.Families;

/// <summary>The table of model families. A new family is one file and one line here.</summary>
internal static class ModelFamilies
{
    private const string ArchitectureKey = "general.architecture";

    /// <summary>Every family.</summary>
    public static readonly IReadOnlyList<ModelFamily> All = [new LlamaFamily()];

    /// <summary>The family of a file.</summary>
    /// <exception cref="ModelFormatException">The file names no family, or one that is not in the table.</exception>
    public static ModelFamily Of(GgufFile file)
    {
        MetadataValue value = file.Metadata[ArchitectureKey];
        string architecture = value.AsString();
        return All.FirstOrDefault(family => family.Architecture == architecture)
            ?? throw value.Wrong(
                $"one of the architectures {string.Join(", ", All.Select(family => family.Architecture))}");
    }
}
