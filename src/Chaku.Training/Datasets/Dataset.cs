using Chaku.Model;
using Chaku.Training.Datasets.Containers;

namespace Chaku.Training.Datasets;

/// <summary>A data set, read: records in one of the formats, out of one of the containers.</summary>
/// <param name="Path">The file or folder.</param>
/// <param name="Container">The kind of file.</param>
/// <param name="Format">The shape of its records.</param>
/// <param name="Records">In the file's order; at least one.</param>
/// <param name="License">What the file itself says of its licence; null where it says nothing.</param>
internal sealed record Dataset(
    string Path,
    DatasetContainer Container,
    DatasetFormat Format,
    IReadOnlyList<DatasetRecord> Records,
    string? License)
{
    /// <summary>The names that <see cref="Read"/> takes, for people.</summary>
    public static string Names => string.Join(
        ", ", DatasetFormats.All.Select(format => format.Name)) + "; of the file: " +
        string.Join(", ", DatasetContainers.All.Select(container => container.Name));

    /// <summary>Reads a data set.</summary>
    /// <param name="path">A file, or a folder of texts.</param>
    /// <param name="name">
    /// A format of <see cref="DatasetFormats.All"/>, a container of <see cref="DatasetContainers.All"/>, or one of each
    /// with a comma between; what is not named is recognised.
    /// </param>
    /// <exception cref="DatasetException">
    /// There is none of that name, none is recognised, there is no record, or the file is broken.
    /// </exception>
    /// <exception cref="IOException">It is missing or cannot be read.</exception>
    public static Dataset Read(string path, string? name = null)
    {
        (DatasetFormat? format, DatasetContainer? container) = Parse(name);
        ContainerContent content;
        if (Directory.Exists(path))
        {
            container = DatasetContainers.All.Single(candidate => !candidate.HasFields);
            content = new ContainerContent(PlainFolder.Read(path));
        }
        else
        {
            using DatasetFile file = DatasetFile.Open(path);
            container ??= DatasetContainers.Detect(file, format is { HasConversations: true })
                ?? throw new DatasetException(
                    $"{path}: neither name nor content tell the format: choose one with --format NAME ({Names})");
            content = container.Read(file);
        }

        if (content.Records is not [var first, ..])
        {
            throw new DatasetException($"{path} is empty: there is no record to learn from");
        }

        format ??= InUnicode(first, record => DatasetFormats.Detect(path, record));
        return new Dataset(
            path,
            container,
            format,
            [.. content.Records.SelectMany(record => InUnicode(record, format.Read))],
            content.License);
    }

    // A name with half a surrogate pair is found wrong wherever it is first compared.
    private static T InUnicode<T>(FieldRecord record, Func<FieldRecord, T> read)
    {
        try
        {
            return read(record);
        }
        catch (InvalidOperationException)
        {
            throw record.Wrong("names in Unicode", "half a surrogate pair, or no UTF-8");
        }
    }

    private static (DatasetFormat? Format, DatasetContainer? Container) Parse(string? names)
    {
        DatasetFormat? format = null;
        DatasetContainer? container = null;
        foreach (string name in names?.Split(',', StringSplitOptions.TrimEntries) ?? [])
        {
            DatasetFormat? namedFormat = DatasetFormats.All.FirstOrDefault(Is(name, (DatasetFormat one) => one.Name));
            DatasetContainer? namedContainer =
                DatasetContainers.All.FirstOrDefault(Is(name, (DatasetContainer one) => one.Name));
            if ((namedFormat is null && namedContainer is null)
                || (namedFormat is not null && format is not null)
                || (namedContainer is not null && container is not null))
            {
                throw new DatasetException(
                    $"no data set format named {ModelFormatException.Quote(names!)}: choose one of {Names}");
            }

            format ??= namedFormat;
            container ??= namedContainer;
        }

        return (format, container);
    }

    private static Func<T, bool> Is<T>(string name, Func<T, string> nameOf) =>
        entry => nameOf(entry).Equals(name, StringComparison.OrdinalIgnoreCase);
}
