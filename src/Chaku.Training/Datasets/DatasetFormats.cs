using Chaku.Model;

namespace Chaku.Training.Datasets;

/// <summary>The table of data set formats. A new format is one file and one line here.</summary>
internal static class DatasetFormats
{
    /// <summary>Every format.</summary>
    public static IReadOnlyList<DatasetFormat> All { get; } = [new AlpacaFormat(), new TextFormat()];

    private static string Names => string.Join(", ", All.Select(format => format.Name));

    /// <summary>The named format; without a name, the one that the file's extension or content tells.</summary>
    /// <exception cref="DatasetException">There is none of that name, or none is recognised.</exception>
    public static DatasetFormat Resolve(string? name, DatasetFile file)
    {
        if (name is not null)
        {
            return All.FirstOrDefault(format => format.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                ?? throw new DatasetException(
                    $"no data set format named {ModelFormatException.Quote(name)}: choose one of {Names}");
        }

        return All.FirstOrDefault(format => format.Extensions.Contains(file.Extension))
            ?? All.FirstOrDefault(format => format.Recognises(file))
            ?? throw new DatasetException(
                $"{file.Path}: neither name nor content tell the format: choose one with --format NAME ({Names})");
    }
}
