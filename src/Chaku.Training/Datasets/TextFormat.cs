using System.Text;
using System.Text.Unicode;

namespace Chaku.Training.Datasets;

/// <summary>Plain text in UTF-8: the whole file is one record.</summary>
internal sealed class TextFormat : DatasetFormat
{
    /// <inheritdoc/>
    public override string Name => "text";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Extensions { get; } = [".txt", ".md"];

    /// <inheritdoc/>
    public override bool HasConversations => false;

    /// <summary>Never: any file would pass for text.</summary>
    /// <inheritdoc/>
    public override bool Recognises(DatasetFile file) => false;

    /// <inheritdoc/>
    public override IReadOnlyList<DatasetRecord> Read(DatasetFile file)
    {
        int number = 0;
        foreach (Range line in file.Content.Split((byte)'\n'))
        {
            number++;
            if (!Utf8.IsValid(file.Content[line]))
            {
                throw new DatasetException($"{file.Path}, line {number}: expected UTF-8");
            }
        }

        return file.Content.IsEmpty
            ? []
            : [new TextRecord(Path.GetFileName(file.Path), Encoding.UTF8.GetString(file.Content))];
    }
}
