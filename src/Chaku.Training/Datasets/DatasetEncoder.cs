using Chaku.Model.Templates;
using Chaku.Model.Tokenizers;

namespace Chaku.Training.Datasets;

/// <summary>
/// Turns the records of any format into tokens, and marks those that are learnt: all of a plain text, and of a
/// conversation the answers and their ends. What does not fit is dropped whole and named; nothing is cut.
/// </summary>
internal sealed class DatasetEncoder
{
    private readonly Tokenizer _tokenizer;
    private readonly PromptEncoder? _prompts;
    private readonly int _contextLength;
    private readonly double _validationShare;
    private readonly List<DroppedRecord> _dropped = [];
    private readonly List<TrainingSequence> _conversations = [];
    private readonly List<TrainingSequence> _training = [];
    private readonly List<TrainingSequence> _validation = [];

    private DatasetEncoder(Tokenizer tokenizer, PromptEncoder? prompts, int contextLength, double validationShare)
    {
        _tokenizer = tokenizer;
        _prompts = prompts;
        _contextLength = contextLength;
        _validationShare = validationShare;
    }

    /// <summary>Encodes a data set.</summary>
    /// <param name="file">The file.</param>
    /// <param name="format">Its format.</param>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="prompts">Writes conversations; null where the format has none.</param>
    /// <param name="contextLength">Tokens of a sequence at most; 2 or more.</param>
    /// <param name="validationShare">
    /// The share that is held out, in [0, 1): the last sequences, of plain text the last tokens.
    /// </param>
    /// <param name="progress">Told records done and records in all; may be null.</param>
    /// <param name="cancellation">Stops between records.</param>
    /// <exception cref="DatasetException">The file is broken, or there is nothing to learn or to hold out.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static TrainingData Encode(
        DatasetFile file,
        DatasetFormat format,
        Tokenizer tokenizer,
        PromptEncoder? prompts,
        int contextLength,
        double validationShare = 0,
        Action<int, int>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(contextLength, 2);
        if (validationShare is not (>= 0 and < 1))
        {
            throw new DatasetException($"the share to hold out is at least 0 and less than 1, not {validationShare}");
        }

        IReadOnlyList<DatasetRecord> records = format.Read(file);
        DatasetEncoder encoder = new(tokenizer, prompts, contextLength, validationShare);
        for (int i = 0; i < records.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            encoder.Add(records[i]);
            progress?.Invoke(i + 1, records.Count);
        }

        return encoder.Finish(file.Path, records.Count);
    }

    private void Add(DatasetRecord record)
    {
        switch (record)
        {
            case TextRecord text:
                AddText(text);
                break;
            case ConversationRecord conversation:
                AddConversation(conversation);
                break;
            default:
                throw new ArgumentException($"no encoding for {record.GetType()}", nameof(record));
        }
    }

    private void AddConversation(ConversationRecord record)
    {
        PromptEncoder prompts = _prompts
            ?? throw new ArgumentException($"{record.Place} is a conversation, which needs a chat template");
        EncodedConversation encoded = prompts.Encode(record.Conversation, addGenerationPrompt: false);
        bool[] trained = encoded.IsAnswer;
        if (trained.Length > 0)
        {
            trained[0] = false;
        }

        if (encoded.Ids.Length > _contextLength)
        {
            _dropped.Add(new(
                record.Place, $"{encoded.Ids.Length} tokens do not fit into the context of {_contextLength}"));
        }
        else if (!trained.Contains(true))
        {
            _dropped.Add(new(record.Place, "no token to learn"));
        }
        else
        {
            _conversations.Add(new TrainingSequence(encoded.Ids, trained));
        }
    }

    private void AddText(TextRecord record)
    {
        int[] tokens = _tokenizer.Encode(record.Text, addSpecial: false);
        int trainingCount = tokens.Length - HeldOut(tokens.Length);
        AddWindows(record.Place, tokens.AsSpan(0, trainingCount), _training);
        AddWindows(record.Place, tokens.AsSpan(trainingCount), _validation);
    }

    // As perplexity is scored: windows do not overlap, each begins with BOS where the vocabulary asks for it, and every
    // token after its first is learnt.
    private void AddWindows(string place, ReadOnlySpan<int> tokens, List<TrainingSequence> windows)
    {
        int[] start = _tokenizer.Vocabulary is { AddBos: true, BosId: { } bos } ? [bos] : [];
        int stride = _contextLength - start.Length;
        for (int first = 0; first < tokens.Length; first += stride)
        {
            int[] window = [.. start, .. tokens.Slice(first, Math.Min(stride, tokens.Length - first))];
            if (window.Length < 2)
            {
                _dropped.Add(new(place, "1 token is left over, with none before it to tell it from"));
                continue;
            }

            bool[] trained = new bool[window.Length];
            Array.Fill(trained, true, 1, trained.Length - 1);
            windows.Add(new TrainingSequence(window, trained));
        }
    }

    private TrainingData Finish(string path, int recordCount)
    {
        int trainingCount = _conversations.Count - HeldOut(_conversations.Count);
        _training.AddRange(_conversations[..trainingCount]);
        _validation.AddRange(_conversations[trainingCount..]);
        if (recordCount == 0)
        {
            throw new DatasetException($"{path} is empty: there is no record to learn from");
        }

        if (_training.Count == 0)
        {
            string first = _dropped.Count > 0 ? $", the first ({_dropped[0].Place}): {_dropped[0].Reason}" : "";
            throw new DatasetException(
                $"{path} has nothing to learn: of {recordCount} records {_dropped.Count} were dropped{first}");
        }

        return _validationShare > 0 && _validation.Count == 0
            ? throw new DatasetException(
                $"{path} is too small to hold out {_validationShare} of it: {_training.Count} sequences in all")
            : new TrainingData(recordCount, new(_training), new(_validation), _dropped);
    }

    private int HeldOut(int count) => (int)Math.Round(count * _validationShare, MidpointRounding.AwayFromZero);
}
