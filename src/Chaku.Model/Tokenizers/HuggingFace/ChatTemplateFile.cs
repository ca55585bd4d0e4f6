using System.Text;
using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers.HuggingFace;

/// <summary>A chat template in a file of its own.</summary>
internal static class ChatTemplateFile
{
    private const string FileName = "chat_template.jinja";
    private const string JsonName = "chat_template.json";
    private const string NamedFolder = "additional_chat_templates";
    private const string Extension = ".jinja";
    private const int MaximumByteLength = 4 << 20;

    /// <summary>Reads the folder's file; null where there is none.</summary>
    /// <exception cref="ModelFormatException">It is too large, or no UTF-8.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static string? Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (File.Exists(path))
        {
            return ReadText(path);
        }

        path = Path.Combine(folder, JsonName);
        if (!File.Exists(path))
        {
            return null;
        }

        using JsonFile file = JsonFile.Open(path);
        return file.Root.FindText("chat_template");
    }

    /// <summary>Reads the files of templates for other uses, by name.</summary>
    /// <inheritdoc cref="Read"/>
    public static IReadOnlyList<NamedTemplate> ReadNamed(string folder)
    {
        string path = Path.Combine(folder, NamedFolder);
        return !Directory.Exists(path) ? [] :
        [
            .. Directory.GetFiles(path, "*" + Extension)
                .Order(StringComparer.Ordinal)
                .Select(file => new NamedTemplate(Path.GetFileNameWithoutExtension(file), ReadText(file))),
        ];
    }

    private static string ReadText(string path)
    {
        using MappedFile file = MappedFile.Open(path);
        if (file.Length > MaximumByteLength)
        {
            throw new ModelFormatException(path, 0, $"at most {MaximumByteLength} bytes", $"{file.Length}");
        }

        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(file.Span(0, (int)file.Length));
        }
        catch (DecoderFallbackException exception)
        {
            throw new ModelFormatException(path, exception.Index, "UTF-8", "other bytes", exception);
        }
    }
}
