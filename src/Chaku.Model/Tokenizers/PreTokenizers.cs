namespace Chaku.Model.Tokenizers;

/// <summary>The table of pre-tokenizers. A new one is one file and one line here.</summary>
internal static class PreTokenizers
{
    /// <summary>Every one this software has.</summary>
    public static IReadOnlyList<PreTokenizer> All { get; } = [new Gpt2PreTokenizer()];

    /// <summary>
    /// The one the file names, or the architecture's own where it names none. Another one would give other tokens than
    /// the model was trained on, so nothing stands in for a name that is not in the table, the name <c>default</c>
    /// included.
    /// </summary>
    /// <exception cref="ModelFormatException">There is none; the message has both the name and the table's.</exception>
    public static PreTokenizer Find(Vocabulary vocabulary)
    {
        string? name = vocabulary.Source.PreTokenizer;
        string? architecture = vocabulary.Source.Architecture;
        return All.FirstOrDefault(entry => name is null
                ? architecture is not null && entry.Architectures.Contains(architecture)
                : entry.Names.Contains(name))
            ?? throw vocabulary.Refuse(
                $"tokenizer.ggml.pre to be one of {string.Join(", ", All.SelectMany(static entry => entry.Names))}",
                name is null ? "no such key" : ModelFormatException.Quote(name));
    }
}
