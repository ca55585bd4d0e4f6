using System.Text;
using Chaku.Model.Licenses;

namespace Chaku.Training.Datasets.Containers;

/// <summary>A folder of plain texts, those of its folders included: a record for each file.</summary>
internal static class PlainFolder
{
    private const int MostFiles = 1 << 20;

    /// <summary>
    /// The folder's texts, in the order of their paths. What says how the data came about (<c>README.md</c>,
    /// <c>LICENSE</c>) is none of them, nor is what is hidden or a link.
    /// </summary>
    /// <exception cref="DatasetException">There is no text, or there are records beside the texts.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static IReadOnlyList<string> Files(string path)
    {
        EnumerationOptions options = new()
        {
            RecurseSubdirectories = true,
            AttributesToSkip = FileAttributes.Hidden | FileAttributes.System | FileAttributes.ReparsePoint,
        };
        DatasetContainer plain = DatasetContainers.All.Single(container => !container.HasFields);
        List<string> texts = [];
        foreach (string file in Directory.EnumerateFiles(path, "*", options))
        {
            string extension = Path.GetExtension(file).ToLowerInvariant();
            if (DatasetContainers.All.Any(other => other.HasFields && other.Extensions.Contains(extension)))
            {
                throw new DatasetException(
                    $"{path}: expected a folder of texts, found {Relative(path, file)}: name one such file");
            }

            if (plain.Extensions.Contains(extension) && !StatedLicense.IsCard(file))
            {
                texts.Add(file);
            }

            if (texts.Count > MostFiles)
            {
                throw new DatasetException($"{path}: expected at most {MostFiles} files, found more");
            }
        }

        texts.Sort((one, other) => string.CompareOrdinal(Relative(path, one), Relative(path, other)));
        return texts.Count > 0
            ? texts
            : throw new DatasetException(
                $"{path}: expected a file or a folder of texts, found none with {string.Join(", ", plain.Extensions)}");
    }

    /// <summary>The texts themselves.</summary>
    /// <exception cref="DatasetException">One is no UTF-8, or there is none.</exception>
    public static IReadOnlyList<FieldRecord> Read(string path)
    {
        List<FieldRecord> records = [];
        foreach (string text in Files(path))
        {
            using DatasetFile file = DatasetFile.Open(text);
            records.Add(PlainContainer.Read(file, Relative(path, text)));
        }

        return records;
    }

    /// <summary>A path inside the folder, with forward slashes.</summary>
    public static string Relative(string folder, string file) =>
        new StringBuilder(Path.GetRelativePath(folder, file)).Replace('\\', '/').ToString();
}
