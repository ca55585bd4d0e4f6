namespace Chaku.Training.Datasets;

/// <summary>A way to write a data set: an entry of <see cref="DatasetFormats.All"/>.</summary>
internal abstract class DatasetFormat
{
    /// <summary>Its name in the table.</summary>
    public abstract string Name { get; }

    /// <summary>Extensions of its files, with their dots.</summary>
    public abstract IReadOnlyList<string> Extensions { get; }

    /// <summary>Whether its records are conversations, which need a chat template.</summary>
    public abstract bool HasConversations { get; }

    /// <summary>Whether a file with a name that says nothing is one of this format.</summary>
    public abstract bool Recognises(DatasetFile file);

    /// <summary>The records, in the file's order.</summary>
    /// <exception cref="DatasetException">
    /// The file is not what the format demands; the message names the place.
    /// </exception>
    public abstract IReadOnlyList<DatasetRecord> Read(DatasetFile file);
}
