using Chaku.Model.Conversion;
using Chaku.Model.Families;
using Chaku.Model.Files;
using Chaku.Model.Tokenizers;
using Chaku.Model.Tokenizers.HuggingFace;
using Chaku.Tests;

namespace Chaku.Model.Tests.Conversion;

/// <summary>Writes tokenizers in either form, and reads them again.</summary>
internal static class ConvertedTokenizer
{
    /// <summary>A template of chats.</summary>
    public const string Template = "{% for message in messages %}{{ message.content }}\n{% endfor %}";

    /// <summary>Writes a folder's files for a tokenizer.</summary>
    public static TokenizerFolder Write(
        TemporaryFolder folder, Tokenizer source, List<string> remarks, params NamedTemplate[] more)
    {
        NamedTemplate[] templates = [new NamedTemplate(NamedTemplate.DefaultName, Template), .. more];
        FolderFiles.Write(
            folder.Path, [.. TokenizerFiles.Of(source, new LlamaFamily(), templates, 512, remarks)]);
        return TokenizerFolder.Open(folder.Path, source.Vocabulary.Count);
    }

    /// <summary>Makes a GGUF vocabulary of a folder's tokenizer.</summary>
    public static Tokenizer ReadBack(TokenizerFolder folder, string architecture, List<string> remarks)
    {
        using GgufFile file = WriteGguf(folder, architecture, remarks);
        Assert.Equal(Template, file.Metadata["tokenizer.chat_template"].AsString());
        return Tokenizer.FromGguf(file);
    }

    /// <summary>Makes a GGUF file of a folder's tokenizer and templates.</summary>
    public static GgufFile WriteGguf(TokenizerFolder folder, string architecture, List<string> remarks)
    {
        Metadata metadata = new("made.gguf");
        metadata.Add("general.architecture", architecture);
        GgufTokenizer.AddTo(metadata, folder, architecture, folder.Tokenizer?.Vocabulary.PaddingId, remarks);
        string path = Path.Combine(folder.Path, "made.gguf");
        GgufWriter.Write(path, metadata, []);
        return GgufFile.Open(path);
    }
}
