using Chaku.Training.Datasets.Containers;

namespace Chaku.Training.Datasets;

/// <summary>
/// A shape of records: which fields make a conversation or a text. An entry of <see cref="DatasetFormats.All"/>.
/// </summary>
internal abstract class DatasetFormat
{
    /// <summary>Its name in the table.</summary>
    public abstract string Name { get; }

    /// <summary>What a person looks for to know it.</summary>
    public abstract string Fields { get; }

    /// <summary>Whether its records are conversations, which need a chat template.</summary>
    public virtual bool HasConversations => true;

    /// <summary>Whether records like this one, a data set's first, are of this format.</summary>
    public abstract bool Recognises(FieldRecord first);

    /// <summary>What a record is: as a rule one conversation or text.</summary>
    /// <exception cref="DatasetException">
    /// The record is not what the format demands; the message names the place.
    /// </exception>
    public abstract IEnumerable<DatasetRecord> Read(FieldRecord record);
}
