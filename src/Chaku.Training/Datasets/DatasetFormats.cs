using Chaku.Training.Datasets.Containers;

namespace Chaku.Training.Datasets;

/// <summary>The table of data set formats. A new format is one file and one line here.</summary>
internal static class DatasetFormats
{
    /// <summary>Every format; a record with the fields of several is of the first.</summary>
    public static IReadOnlyList<DatasetFormat> All { get; } =
    [
        new AlpacaFormat(),
        new DollyFormat(),
        new TurnsFormat("sharegpt", "conversations", "conversation"),
        new TurnsFormat("openai", "messages"),
        new OpenAssistantFormat("oasst", isEveryPath: false),
        new OpenAssistantFormat("oasst-all", isEveryPath: true),
        new TextFormat(),
    ];

    /// <summary>The format that a record tells.</summary>
    /// <exception cref="DatasetException">It tells none.</exception>
    public static DatasetFormat Detect(string path, FieldRecord first) =>
        All.FirstOrDefault(format => format.Recognises(first))
        ?? throw new DatasetException(
            $"{path}, {first.Place}: its fields ({Names(first)}) are those of no known format: expected " +
            string.Join("; ", All.Select(format => $"{format.Fields} ({format.Name})")));

    private static string Names(FieldRecord record)
    {
        const int Most = 12;
        string[] names = [.. record.Names.Take(Most + 1).Select(name => name.Length > 40 ? name[..40] + "…" : name)];
        return names.Length > Most ? string.Join(", ", names[..Most]) + ", …" : string.Join(", ", names);
    }
}
