namespace Chaku.Training.Datasets.Containers;

/// <summary>What is in a data set's file.</summary>
/// <param name="Records">In the file's order.</param>
/// <param name="License">What the file itself says of its licence; null where it says nothing.</param>
internal sealed record ContainerContent(IReadOnlyList<FieldRecord> Records, string? License = null);

/// <summary>
/// A kind of file that holds records, whatever they are: an entry of <see cref="DatasetContainers.All"/>.
/// </summary>
internal abstract class DatasetContainer
{
    /// <summary>Its name in the table.</summary>
    public abstract string Name { get; }

    /// <summary>Extensions of its files, with their dots.</summary>
    public abstract IReadOnlyList<string> Extensions { get; }

    /// <summary>Whether its records have fields of their own, or are nothing but a text.</summary>
    public virtual bool HasFields => true;

    /// <summary>Whether a file with a name that says nothing is one of this kind.</summary>
    public abstract bool Recognises(DatasetFile file);

    /// <summary>The records.</summary>
    /// <exception cref="DatasetException">The file is no such file; the message names the place.</exception>
    public abstract ContainerContent Read(DatasetFile file);
}
