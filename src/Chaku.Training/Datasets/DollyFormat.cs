using Chaku.Model.Templates;
using Chaku.Training.Datasets.Containers;

namespace Chaku.Training.Datasets;

/// <summary>
/// Dolly's records: <c>instruction</c>, <c>response</c>, perhaps the <c>context</c> that it is about, and a
/// <c>category</c>, which is not learnt.
/// </summary>
/// <remarks>Source: databricks-dolly-15k.</remarks>
internal sealed class DollyFormat : DatasetFormat
{
    /// <inheritdoc/>
    public override string Name => "dolly";

    /// <inheritdoc/>
    public override string Fields => "instruction, response";

    /// <inheritdoc/>
    public override bool Recognises(FieldRecord first) => first.Has("instruction") && first.Has("response");

    /// <inheritdoc/>
    public override IEnumerable<DatasetRecord> Read(FieldRecord record) =>
    [
        new ConversationRecord(record.Place, new(
        [
            new(Role.User, record.Text("instruction"), record.OptionalText("context") ?? ""),
            new(Role.Assistant, record.Text("response")),
        ])),
    ];
}
