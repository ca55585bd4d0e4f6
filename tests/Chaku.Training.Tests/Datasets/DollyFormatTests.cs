using Chaku.Model.Templates;
using Chaku.Training.Datasets;

namespace Chaku.Training.Tests.Datasets;

public sealed class DollyFormatTests
{
    [Fact]
    public void The_context_is_what_the_instruction_is_about_and_the_category_is_not_learnt()
    {
        IReadOnlyList<DatasetRecord> records = SampleData.Read("a.jsonl", """
            {"instruction": "When?", "context": "In 1990.", "response": "1990", "category": "closed_qa"}
            {"instruction": "Why?", "context": "", "response": "So.", "category": "open_qa"}
            """);

        Assert.Equal(
            [
                new(Role.User, "When?", "In 1990."), new(Role.Assistant, "1990"),
                new(Role.User, "Why?"), new(Role.Assistant, "So."),
            ],
            SampleData.Messages(records));
    }

    [Theory]
    [InlineData("""{"instruction": "i", "response": 1}""", "line 1: expected a text as response, found Number")]
    [InlineData("""{"instruction": "i", "response": ["a"]}""", "line 1: expected a text as response, found Array")]
    [InlineData(
        """{"instruction": "i", "response": "r", "context": {}}""", "line 1: expected a text as context, found Object")]
    public void A_wrong_field_is_named(string line, string reason) =>
        Assert.EndsWith(reason, SampleData.Refusal("a.jsonl", line), StringComparison.Ordinal);
}
