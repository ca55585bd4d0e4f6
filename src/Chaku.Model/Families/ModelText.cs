using Chaku.Model.Files;
using Chaku.Model.Tokenizers;
using Chaku.Model.Tokenizers.HuggingFace;

namespace Chaku.Model.Families;

/// <summary>What a model's files say of text; they need no weights, and no family that is known.</summary>
/// <param name="Tokenizer">Text to tokens and back.</param>
/// <param name="ChatTemplate">The model's own template of chats, in Jinja; null where it has none.</param>
internal sealed record ModelText(Tokenizer Tokenizer, string? ChatTemplate)
{
    /// <summary>Reads a GGUF file or a Hugging Face folder.</summary>
    /// <exception cref="ModelFormatException">There is no vocabulary, or it cannot be read.</exception>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Reading is not permitted.</exception>
    public static ModelText Open(string path)
    {
        if (Directory.Exists(path))
        {
            TokenizerFolder folder = TokenizerFolder.Open(path);
            return new ModelText(RequireTokenizer(folder, path), folder.ChatTemplate);
        }

        using GgufFile file = GgufFile.Open(path);
        _ = file.Metadata.TryGetString("tokenizer.chat_template", out string? jinja);
        return new ModelText(Tokenizer.FromGguf(file), jinja);
    }

    /// <summary>The folder's tokenizer.</summary>
    /// <exception cref="ModelFormatException">It has none.</exception>
    public static Tokenizer RequireTokenizer(TokenizerFolder folder, string path) => folder.Tokenizer
        ?? throw new ModelFormatException(
            path, 0, "a tokenizer in the folder (tokenizer.json or tokenizer.model)", "none");
}
