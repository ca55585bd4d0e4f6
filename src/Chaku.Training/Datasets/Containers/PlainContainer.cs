using System.Text;
using System.Text.Unicode;

namespace Chaku.Training.Datasets.Containers;

/// <summary>Plain text in UTF-8: the whole file is one record.</summary>
internal sealed class PlainContainer : DatasetContainer
{
    /// <inheritdoc/>
    public override string Name => "plain";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Extensions { get; } = [".txt", ".md", ".markdown"];

    /// <inheritdoc/>
    public override bool HasFields => false;

    /// <summary>Never: any file would pass for text.</summary>
    /// <inheritdoc/>
    public override bool Recognises(DatasetFile file) => false;

    /// <inheritdoc/>
    public override ContainerContent Read(DatasetFile file) =>
        new(file.Content.IsEmpty ? [] : [Read(file, Path.GetFileName(file.Path))]);

    /// <summary>The file as a record.</summary>
    /// <param name="file">The file.</param>
    /// <param name="place">What the record is called.</param>
    /// <exception cref="DatasetException">It is no UTF-8.</exception>
    public static FieldRecord Read(DatasetFile file, string place)
    {
        RequireUtf8(file);
        string text = Encoding.UTF8.GetString(file.Content);
        return FieldRecord.Create(file.Path, place, json => json.WriteString(FieldRecord.TextField, text));
    }

    /// <summary>Checks that a file is UTF-8.</summary>
    /// <exception cref="DatasetException">It is not; the message has the first wrong line.</exception>
    public static void RequireUtf8(DatasetFile file)
    {
        if (Utf8.IsValid(file.Content))
        {
            return;
        }

        int number = 0;
        foreach (Range line in file.Content.Split((byte)'\n'))
        {
            number++;
            if (!Utf8.IsValid(file.Content[line]))
            {
                throw new DatasetException($"{file.Path}, line {number}: expected UTF-8");
            }
        }
    }
}
