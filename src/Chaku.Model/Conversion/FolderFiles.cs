using System.IO.Enumeration;
using Chaku.Model.Families;
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
    /// Writes them, in place of what is there of another model. The folder is made where it is missing, and gone again
    /// where they cannot be written.
    /// </summary>
    /// <remarks>
    /// Files take their names one after the other. Until the last one, <c>config.json</c>, has its own, there is none:
    /// whenever that is cut short, nobody takes the weights of one model for those of another.
    /// </remarks>
    /// <param name="path">The folder; the one that it is in exists.</param>
    /// <param name="files">Names, and what writes their content.</param>
    /// <exception cref="IOException">The folder or a file cannot be written, or an old file not be removed.</exception>
    public static void Write(string path, IReadOnlyList<(string Name, Action<Stream> Write)> files)
    {
        bool isNew = !Directory.Exists(path);
        if (!Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path))))
        {
            throw new DirectoryNotFoundException($"{path} cannot be written: its folder does not exist");
        }

        Attempt(() => Directory.CreateDirectory(path), $"{path} cannot be written");
        try
        {
            AtomicFile.WriteAll(
                [
                    .. files.OrderBy(file => file.Name == HuggingFaceConfig.FileName)
                        .Select(file => (Path.Combine(path, file.Name), file.Write)),
                ],
                beforeRenames: () => RemoveOthers(path, [.. files.Select(file => file.Name)]));
        }
        catch when (isNew)
        {
            RemoveEmpty(path);
            throw;
        }
    }

    private static void RemoveOthers(string path, HashSet<string> written)
    {
        string config = Path.Combine(path, HuggingFaceConfig.FileName);
        IEnumerable<string> others = Directory.GetFiles(path)
            .Where(file => IsOfModel(Path.GetFileName(file)) && !written.Contains(Path.GetFileName(file)));
        foreach (string file in others.Prepend(config))
        {
            Attempt(() => File.Delete(file), $"{file}, which is of the model that was there, cannot be removed");
        }
    }

    private static void Attempt(Action action, string failure)
    {
        try
        {
            action();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{failure}: {exception.Message}", exception);
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
