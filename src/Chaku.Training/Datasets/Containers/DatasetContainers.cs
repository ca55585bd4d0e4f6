namespace Chaku.Training.Datasets.Containers;

/// <summary>The table of containers. A new one is one file and one line here.</summary>
internal static class DatasetContainers
{
    /// <summary>Every container.</summary>
    public static IReadOnlyList<DatasetContainer> All { get; } =
    [
        new JsonContainer(),
        new CsvContainer(),
        new ParquetContainer(),
        new PlainContainer(),
    ];

    /// <summary>The entry that a file's extension or content tells.</summary>
    /// <param name="file">The file.</param>
    /// <param name="needsFields">Whether a plain text would not do.</param>
    /// <returns>Null where neither does.</returns>
    public static DatasetContainer? Detect(DatasetFile file, bool needsFields) =>
        All.FirstOrDefault(container =>
            container.Extensions.Contains(file.Extension) && (container.HasFields || !needsFields))
        ?? All.FirstOrDefault(container => container.Recognises(file));
}
