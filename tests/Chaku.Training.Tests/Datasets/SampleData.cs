using System.Text;
using Chaku.Model.Templates;
using Chaku.Model.Tokenizers;
using Chaku.Training.Datasets;

namespace Chaku.Training.Tests.Datasets;

/// <summary>A vocabulary in which every byte is a token, and data sets written on the spot.</summary>
internal static class SampleData
{
    public const int Bos = 1;
    public const int Eos = 2;

    /// <summary>The token of the space that SentencePiece puts before a text.</summary>
    public const int Space = 259;

    private static readonly string[] Marks = ["<unk>", "<s>", "</s>"];

    /// <summary>Three marks, 256 bytes, and a space; and then the marks of a template.</summary>
    public static Tokenizer Tokenizer(bool addBos = true, params IReadOnlyList<string> marks)
    {
        string[] tokens =
        [
            .. Marks, .. Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>"), "▁", .. marks.Except(Marks),
        ];
        return Chaku.Model.Tokenizers.Tokenizer.Create(new()
        {
            File = "sample.gguf",
            Kind = "llama",
            Tokens = [.. tokens.Select(Encoding.UTF8.GetBytes)],
            Scores = [.. tokens.Select(_ => 0f)],
            Types = [.. tokens.Select((_, id) => id == 0 ? 2 : id is < 3 or > Space ? 3 : id < Space ? 6 : 1)],
            BosId = Bos,
            EosId = Eos,
            AddBos = addBos,
        });
    }

    /// <summary>A vocabulary that has what a template writes.</summary>
    public static Tokenizer TokenizerFor(ChatTemplate template) =>
        Tokenizer(true, [.. template.Marks.Concat(template.StopTokens).Distinct()]);

    /// <summary>The tokens of ASCII text inside a sequence.</summary>
    public static int[] Ids(string text) => [.. text.Select(letter => letter == ' ' ? Space : letter + 3)];

    public static PromptEncoder Alpaca(Tokenizer tokenizer) => new(tokenizer, ChatTemplates.Find("alpaca"));

    /// <summary>Encodes a data set of that name and content.</summary>
    public static TrainingData Encode(
        string name,
        string content,
        int contextLength = 1000,
        double share = 0,
        bool addBos = true,
        DataUse? use = null)
    {
        return OnDisk(name, Encoding.UTF8.GetBytes(content), path =>
        {
            Tokenizer tokenizer = Tokenizer(addBos);
            return DatasetEncoder.Encode(
                Dataset.Read(path),
                tokenizer,
                Alpaca(tokenizer),
                contextLength,
                use ?? new DataUse { ValidationShare = share },
                cancellation: TestContext.Current.CancellationToken);
        });
    }

    /// <summary>Reads the records of a data set.</summary>
    public static IReadOnlyList<DatasetRecord> Read(string name, string content, string? format = null) =>
        Read(name, Encoding.UTF8.GetBytes(content), format);

    /// <summary>Reads the records of a data set.</summary>
    public static IReadOnlyList<DatasetRecord> Read(string name, byte[] content, string? format = null) =>
        OnDisk(name, content, path => Dataset.Read(path, format).Records);

    /// <summary>The messages of conversations, one after the other.</summary>
    public static IEnumerable<Message> Messages(IEnumerable<DatasetRecord> records) =>
        records.Cast<ConversationRecord>().SelectMany(record => record.Conversation.Messages);

    /// <summary>The tokens that are learnt.</summary>
    public static IEnumerable<int> Learnt(TrainingSequence sequence) =>
        sequence.Tokens.Where((_, index) => sequence.Trained[index]);

    /// <summary>What is said of a data set that cannot be read.</summary>
    public static string Refusal(string name, string content, string? format = null)
    {
        string message = Assert.Throws<DatasetException>(() => Read(name, content, format)).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }

    /// <summary>Uses a file that is there only for the while.</summary>
    public static T OnDisk<T>(string name, byte[] content, Func<string, T> use)
    {
        string folder = Directory.CreateTempSubdirectory("chaku-test-").FullName;
        try
        {
            string path = Path.Combine(folder, name);
            File.WriteAllBytes(path, content);
            return use(path);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>
    /// What a template's model sees of a sequence: control tokens stand between « and », which a message's words never
    /// do, and what is learnt between ⟦ and ⟧.
    /// </summary>
    public static string Seen(string template, TrainingSequence sequence)
    {
        Tokenizer tokenizer = TokenizerFor(ChatTemplates.Find(template));
        StringBuilder seen = new();
        bool isLearnt = false;
        foreach ((int token, bool trained) in sequence.Tokens.Zip(sequence.Trained))
        {
            seen.Append(trained == isLearnt ? "" : trained ? "⟦" : "⟧");
            isLearnt = trained;
            string text = Encoding.UTF8.GetString(tokenizer.BytesOf(token));
            seen.Append(tokenizer.Vocabulary.IsMark(token) ? $"«{text}»" : text);
        }

        return seen.Append(isLearnt ? "⟧" : "").ToString();
    }
}
