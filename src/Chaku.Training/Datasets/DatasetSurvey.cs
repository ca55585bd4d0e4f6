using System.Security.Cryptography;
using System.Text;
using Chaku.Model.Templates;

namespace Chaku.Training.Datasets;

/// <summary>How long things are.</summary>
/// <param name="Count">How many there are.</param>
/// <param name="Least">The shortest; 0 where there is none.</param>
/// <param name="Median">As many are shorter as longer.</param>
/// <param name="Most95">95 of 100 are no longer.</param>
/// <param name="Most">The longest.</param>
/// <param name="Sum">All together.</param>
internal sealed record LengthSummary(int Count, long Least, long Median, long Most95, long Most, long Sum)
{
    /// <summary>Sums up.</summary>
    public static LengthSummary Of(IEnumerable<long> lengths)
    {
        long[] sorted = [.. lengths.Order()];
        return sorted.Length == 0
            ? new LengthSummary(0, 0, 0, 0, 0, 0)
            : new LengthSummary(
                sorted.Length,
                sorted[0],
                sorted[(sorted.Length - 1) / 2],
                sorted[(int)Math.Ceiling(sorted.Length * 0.95) - 1],
                sorted[^1],
                sorted.Sum());
    }
}

/// <summary>Records of one kind.</summary>
/// <param name="Kind">What they have in common.</param>
/// <param name="Places">Where they are.</param>
internal sealed record RecordGroup(string Kind, IReadOnlyList<string> Places);

/// <summary>What a data set is like before any model sees it.</summary>
/// <param name="RecordCount">Records in all.</param>
/// <param name="ConversationCount">Those that are conversations.</param>
/// <param name="TextCount">Those that are plain texts.</param>
/// <param name="AnswerCount">Answers of all conversations.</param>
/// <param name="Characters">Of each record's messages, or text.</param>
/// <param name="AnswerCharacters">Of each answer.</param>
/// <param name="Unusable">Records that nothing can be learnt from, by the reason.</param>
/// <param name="Changed">Records that were mended, by what was done.</param>
/// <param name="Noted">Records that are learnt from as they are, and worth a look.</param>
/// <param name="Duplicates">Records that say what an earlier one says, word for word.</param>
internal sealed record DatasetSurvey(
    int RecordCount,
    int ConversationCount,
    int TextCount,
    int AnswerCount,
    LengthSummary Characters,
    LengthSummary AnswerCharacters,
    IReadOnlyList<RecordGroup> Unusable,
    IReadOnlyList<RecordGroup> Changed,
    IReadOnlyList<RecordGroup> Noted,
    IReadOnlyList<string> Duplicates)
{
    private const char ReplacementCharacter = '\uFFFD';
    private const string WrongDecoding = "the character U+FFFD, which a wrong decoding leaves";

    /// <summary>Looks at each record.</summary>
    public static DatasetSurvey Of(Dataset dataset)
    {
        IReadOnlyList<DatasetRecord> records = dataset.Records;
        ConversationRecord[] conversations = [.. records.OfType<ConversationRecord>()];
        TextRecord[] texts = [.. records.OfType<TextRecord>()];
        Message[] answers =
        [
            .. conversations.SelectMany(record => record.Conversation.Messages)
                .Where(message => message.Role == Role.Assistant),
        ];
        return new DatasetSurvey(
            records.Count,
            conversations.Length,
            texts.Length,
            answers.Length,
            LengthSummary.Of(conversations
                .Select(record => record.Conversation.Messages.Sum(message => (long)message.Text.Length))
                .Concat(texts.Select(record => (long)record.Text.Length))),
            LengthSummary.Of(answers.Select(answer => (long)answer.Content.Length)),
            Groups(records.OfType<UnusableRecord>().Select(record => (record.Reason, record.Place))),
            Changes(records),
            Groups(conversations.SelectMany(Notes).Concat(texts.SelectMany(Notes))),
            FindDuplicates(records));
    }

    /// <summary>Records that were mended, by what was done.</summary>
    public static IReadOnlyList<RecordGroup> Changes(IEnumerable<DatasetRecord> records) => Groups(
        records.OfType<ConversationRecord>()
            .SelectMany(record => record.Changes.Select(change => (change, record.Place))));

    /// <summary>Puts together what is of one kind; the largest group first.</summary>
    public static IReadOnlyList<RecordGroup> Groups(IEnumerable<(string Kind, string Place)> entries) =>
    [
        .. entries.GroupBy(entry => entry.Kind, entry => entry.Place)
            .Select(group => new RecordGroup(group.Key, [.. group]))
            .OrderByDescending(group => group.Places.Count).ThenBy(group => group.Kind, StringComparer.Ordinal),
    ];

    private static IEnumerable<(string Kind, string Place)> Notes(ConversationRecord record)
    {
        if (record.Conversation.Messages.Any(message =>
            message.Role == Role.Assistant && string.IsNullOrWhiteSpace(message.Content)))
        {
            yield return ("an empty answer: only its end is learnt", record.Place);
        }

        if (record.LearntAnswers is not null)
        {
            yield return ("answers of weight 0: read, not learnt", record.Place);
        }

        if (record.Conversation.Messages.Any(message => message.Text.Contains(ReplacementCharacter)))
        {
            yield return (WrongDecoding, record.Place);
        }
    }

    private static IEnumerable<(string Kind, string Place)> Notes(TextRecord record) =>
        record.Text.Contains(ReplacementCharacter) ? [(WrongDecoding, record.Place)] : [];

    private static List<string> FindDuplicates(IReadOnlyList<DatasetRecord> records)
    {
        HashSet<string> seen = [];
        List<string> duplicates = [];
        foreach (DatasetRecord record in records)
        {
            string? content = record switch
            {
                ConversationRecord conversation => string.Concat(conversation.Conversation.Messages.Select(
                    message => $"{message.Role} {message.Content.Length} {message.Content}{message.Input}\0")),
                TextRecord text => text.Text,
                _ => null,
            };
            if (content is not null && !seen.Add(Hash(content)))
            {
                duplicates.Add(record.Place);
            }
        }

        return duplicates;
    }

    // A data set's texts themselves would be held a second time.
    private static string Hash(string content) =>
        Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(content)));
}
