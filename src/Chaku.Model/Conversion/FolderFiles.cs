using System.IO.Enumeration;
using Chaku.Model.Files;

namespace Chaku.Model.Conversion;

/// <summary>Writes the files of a model's folder: none has its name before all are complete.</summary>
internal static class FolderFiles
{
    // What readers of a folder take for a part of its model: left from another model, it would contradict the new one.
    private static readonly string[] ModelFiles =
    [
        "model.safetensors", "model-*-of-*.safetensors", "model.safetensors.index.json",
        "pytorch_model.bin", "pytorch_model-*-of-*.bin", "pytorch_model.bin.index.json",
        "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "vocab.json", "merges.txt",
        "special_tokens_map.json", "added_tokens.json", "chat_template.jinja", "chat_template.json",
        "generation_config.json",
    ];

    /// <summary>
    /// Writes them, and takes away what else was there of another model. The folder is made where it is missing, and
    /// gone again where they cannot be written.
    /// </summary>
    /// <exception cref="IOException">The folder or a file cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<(string Name, Action<Stream> Write)> files)
    {
        bool isNew = !Directory.Exists(path);
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{path} cannot be written: {exception.Message}", exception);
        }

        try
        {
            AtomicFile.WriteAll([.. files.Select(file => (Path.Combine(path, file.Name), file.Write))]);
        }
        catch when (isNew)
        {
            RemoveEmpty(path);
            throw;
        }

        HashSet<string> written = [.. files.Select(file => file.Name)];
        foreach (string file in Directory.GetFiles(path).Where(file => IsOfModel(Path.GetFileName(file))))
        {
            if (!written.Contains(Path.GetFileName(file)))
            {
                File.Delete(file);
            }
        }
    }

    private static bool IsOfModel(string name) =>
        ModelFiles.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false));

    private static void RemoveEmpty(string path)
    {
        try
        {
            Directory.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The error that led here says what is wrong; a second one would hide it.
            return;
        }
    }
}
