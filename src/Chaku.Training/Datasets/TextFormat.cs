using Chaku.Training.Datasets.Containers;

namespace Chaku.Training.Datasets;

/// <summary>Plain text: the field <c>text</c>, or a file that is nothing else; all of it is learnt.</summary>
internal sealed class TextFormat : DatasetFormat
{
    /// <inheritdoc/>
    public override string Name => "text";

    /// <inheritdoc/>
    public override string Fields => FieldRecord.TextField;

    /// <inheritdoc/>
    public override bool HasConversations => false;

    /// <inheritdoc/>
    public override bool Recognises(FieldRecord first) => first.Has(FieldRecord.TextField);

    /// <inheritdoc/>
    public override IEnumerable<DatasetRecord> Read(FieldRecord record)
    {
        string text = record.Text(FieldRecord.TextField);
        return [text.Length > 0 ? new TextRecord(record.Place, text) : new UnusableRecord(record.Place, "no text")];
    }
}
