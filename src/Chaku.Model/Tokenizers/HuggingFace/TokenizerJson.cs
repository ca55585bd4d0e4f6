using Chaku.Model.Files;
using Chaku.Model.Tokenizers.HuggingFace.Decoders;
using Chaku.Model.Tokenizers.HuggingFace.Normalisers;
using Chaku.Model.Tokenizers.HuggingFace.PreTokenisation;

namespace Chaku.Model.Tokenizers.HuggingFace;

/// <summary>Reads <c>tokenizer.json</c>, whole: what it does not understand it refuses by name.</summary>
/// <remarks>Source: the format of Hugging Face's tokenizers 0.22, and its documentation.</remarks>
internal static class TokenizerJson
{
    /// <summary>The file's name.</summary>
    public const string FileName = "tokenizer.json";

    /// <summary>Reads the file.</summary>
    /// <exception cref="ModelFormatException">It is broken, or asks for what is not understood.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static TokenizerDefinition Read(string path)
    {
        using JsonFile file = JsonFile.Open(path);
        JsonField root = file.Root;

        // Truncation and padding are for batches of examples: a text is never cut here, nor filled up.
        root.AllowOnly(
            "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor",
            "decoder", "model");
        if (root.Find("version") is { } version && version.AsText() != "1.0")
        {
            throw version.Wrong("1.0");
        }

        BpeFields model = BpeFields.Read(root["model"]);
        return new()
        {
            File = path,
            Model = model,
            Added = ReadAdded(root, model),
            Normaliser = TextNormalisers.All.ReadOptional(root, "normalizer"),
            PreTokeniser = PieceSteps.All.ReadOptional(root, "pre_tokenizer"),
            Frame = TextFrames.All.ReadOptional(root, "post_processor") ?? TextFrame.Empty,
            Decoder = TokenDecoders.All.Read(root["decoder"]),
        };
    }

    private static AddedToken[] ReadAdded(JsonField root, BpeFields model)
    {
        if (root.Find("added_tokens") is not { } list)
        {
            return [];
        }

        int maximumId = TokenIds.Maximum(model.Ids.Count + list.Items().Count());
        return [.. list.Items().Select(item => AddedToken.Read(item, maximumId))];
    }
}
