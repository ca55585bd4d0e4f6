using Chaku.Model.Templates;

namespace Chaku.Training.Datasets;

/// <summary>
/// Stanford Alpaca's records, <c>instruction</c>, <c>output</c> and perhaps <c>input</c>, in a JSON array or a line
/// each.
/// </summary>
/// <remarks>Source: the data release of tatsu-lab/stanford_alpaca.</remarks>
internal sealed class AlpacaFormat : DatasetFormat
{
    /// <inheritdoc/>
    public override string Name => "alpaca";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Extensions { get; } = [".json", ".jsonl", ".ndjson"];

    /// <inheritdoc/>
    public override bool HasConversations => true;

    /// <inheritdoc/>
    public override bool Recognises(DatasetFile file) => file.FirstByte is (byte)'[' or (byte)'{';

    /// <inheritdoc/>
    public override IReadOnlyList<DatasetRecord> Read(DatasetFile file) =>
        [.. JsonRecords.Read(file).Select(record => new ConversationRecord(record.Place, Conversation(record)))];

    private static Conversation Conversation(JsonRecord record) => new(
    [
        new(Role.User, record.Text("instruction"), record.OptionalText("input") ?? ""),
        new(Role.Assistant, record.Text("output")),
    ]);
}
