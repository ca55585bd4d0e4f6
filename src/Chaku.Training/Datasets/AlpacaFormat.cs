using Chaku.Model.Templates;
using Chaku.Training.Datasets.Containers;

namespace Chaku.Training.Datasets;

/// <summary>
/// Stanford Alpaca's records: <c>instruction</c>, <c>output</c> and perhaps <c>input</c>; and, as others added to them,
/// <c>system</c> and <c>history</c>, a list of pairs of an earlier question and its answer.
/// </summary>
/// <remarks>Source: the data release of tatsu-lab/stanford_alpaca.</remarks>
internal sealed class AlpacaFormat : DatasetFormat
{
    /// <inheritdoc/>
    public override string Name => "alpaca";

    /// <inheritdoc/>
    public override string Fields => "instruction, output";

    /// <inheritdoc/>
    public override bool Recognises(FieldRecord first) => first.Has("instruction") && first.Has("output");

    /// <inheritdoc/>
    public override IEnumerable<DatasetRecord> Read(FieldRecord record)
    {
        List<Message> messages = [];
        if (record.OptionalText("system") is { Length: > 0 } system)
        {
            messages.Add(new(Role.System, system));
        }

        foreach (IReadOnlyList<string> pair in record.TextLists("history"))
        {
            if (pair.Count != 2)
            {
                throw record.Wrong("history of pairs", $"{pair.Count} texts");
            }

            messages.Add(new(Role.User, pair[0]));
            messages.Add(new(Role.Assistant, pair[1]));
        }

        messages.Add(new(Role.User, record.Text("instruction"), record.OptionalText("input") ?? ""));
        messages.Add(new(Role.Assistant, record.Text("output")));
        return [new ConversationRecord(record.Place, new(messages))];
    }
}
