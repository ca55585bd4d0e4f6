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
    private readonly DataUse _use;
    private readonly List<DroppedRecord> _dropped = [];
    private readonly List<TrainingSequence> _sequences = [];
    private readonly List<TrainingSequence> _training = [];
    private readonly List<TrainingSequence> _validation = [];

    private DatasetEncoder(Tokenizer tokenizer, PromptEncoder? prompts, int contextLength, DataUse use)
    {
        _tokenizer = tokenizer;
        _prompts = prompts;
        _contextLength = contextLength;
        _use = use;
    }

    // What a window of plain text begins with.
    private int[] Start => _tokenizer.Vocabulary is { AddBos: true, BosId: { } bos } ? [bos] : [];

    private int Stride => _contextLength - Start.Length;

    /// <summary>Encodes a data set.</summary>
    /// <param name="dataset">The data set.</param>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="prompts">Writes conversations; null where the format has none.</param>
    /// <param name="contextLength">Tokens of a sequence at most; 2 or more.</param>
    /// <param name="use">
    /// What is learnt, and what is held out: the last sequences, of a single plain text the last tokens. Null learns
    /// the answers of everything.
    /// </param>
    /// <param name="progress">Told records done and records in all; may be null.</param>
    /// <param name="cancellation">Stops between records.</param>
    /// <exception cref="DatasetException">There is nothing to learn or to hold out.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static TrainingData Encode(
        Dataset dataset,
        Tokenizer tokenizer,
        PromptEncoder? prompts,
        int contextLength,
        DataUse? use = null,
        Action<int, int>? progress = null,
        CancellationToken cancellation = default)
    {
        use = (use ?? new DataUse()).Checked();
        TrainingData data = Measure(dataset, tokenizer, prompts, contextLength, use, progress, cancellation);
        if (data.Training.Sequences.Count == 0 && data.Validation.Sequences.Count > 0)
        {
            throw new DatasetException(
                $"{dataset.Path} has {data.Validation.Sequences.Count} sequences: holding out {use.HeldOut} of them " +
                "leaves nothing to learn");
        }

        if (data.Training.Sequences.Count == 0)
        {
            string first = data.Dropped is [var dropped, ..] ? $", the first ({dropped.Place}): {dropped.Reason}" : "";
            throw new DatasetException(
                $"{dataset.Path} has nothing to learn: of {data.RecordCount} records {data.Dropped.Count} were " +
                $"dropped{first}");
        }

        return use.HoldsOut && data.Validation.Sequences.Count == 0
            ? throw new DatasetException(
                $"{dataset.Path} is too small to hold out {use.HeldOut} of it: " +
                $"{data.Training.Sequences.Count} sequences in all")
            : data;
    }

    /// <summary>The same, where it is no error that nothing is left to learn.</summary>
    /// <inheritdoc cref="Encode"/>
    public static TrainingData Measure(
        Dataset dataset,
        Tokenizer tokenizer,
        PromptEncoder? prompts,
        int contextLength,
        DataUse? use = null,
        Action<int, int>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(contextLength, 2);
        IReadOnlyList<DatasetRecord> records = dataset.Records;
        DatasetEncoder encoder = new(tokenizer, prompts, contextLength, use ?? new DataUse());
        bool isOneText = records is [TextRecord];
        for (int i = 0; i < records.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            encoder.Add(records[i], isOneText);
            progress?.Invoke(i + 1, records.Count);
        }

        return encoder.Finish(records.Count) with { Changed = DatasetSurvey.Changes(records) };
    }

    private void Add(DatasetRecord record, bool isOneText)
    {
        switch (record)
        {
            case TextRecord text:
                AddText(text, isOneText);
                break;
            case ConversationRecord conversation:
                AddConversation(conversation);
                break;
            case UnusableRecord unusable:
                _dropped.Add(new(unusable.Place, unusable.Reason) { Kind = unusable.Reason });
                break;
            default:
                throw new ArgumentException($"no encoding for {record.GetType()}", nameof(record));
        }
    }

    private void AddConversation(ConversationRecord record)
    {
        PromptEncoder prompts = _prompts
            ?? throw new ArgumentException($"{record.Place} is a conversation, which needs a chat template");
        EncodedConversation encoded;
        try
        {
            encoded = prompts.Encode(record.Conversation, addGenerationPrompt: false);
        }
        catch (ChatTemplateException exception)
        {
            _dropped.Add(new(record.Place, exception.Message) { Kind = "refused by the chat template" });
            return;
        }
        catch (UnspellableTextException exception)
        {
            DropUnspellable(record, exception);
            return;
        }

        bool[] trained = encoded.IsAnswer;
        if (trained.Length > 0)
        {
            trained[0] = false;
        }

        if (encoded.Ids.Length > _contextLength)
        {
            _dropped.Add(new(
                record.Place, $"{encoded.Ids.Length} tokens do not fit into the context of {_contextLength}")
            {
                Kind = $"longer than the context of {_contextLength} tokens",
            });
        }
        else if (!Mark(trained, record.LearntAnswers))
        {
            _dropped.Add(new(record.Place, "the template does not keep apart the answers to learn from the others"));
        }
        else if (!trained.Contains(true))
        {
            _dropped.Add(new(record.Place, "no token to learn"));
        }
        else
        {
            _sequences.Add(new TrainingSequence(encoded.Ids, trained) { Place = record.Place });
        }
    }

    // Where inputs are learnt as well, only the answers that are to be read stay without a mark.
    private bool Mark(bool[] trained, IReadOnlyList<bool>? learnt)
    {
        bool[] isAnswer = [.. trained];
        if (learnt is not null && !Unlearn(trained, learnt))
        {
            return false;
        }

        for (int index = 1; index < trained.Length && _use.LearnsInputs; index++)
        {
            trained[index] |= !isAnswer[index];
        }

        return true;
    }

    // Takes the mark from the answers that are only to be read: the first run of marked tokens is the first answer.
    private static bool Unlearn(bool[] trained, IReadOnlyList<bool> learnt)
    {
        int run = -1;
        bool wasMarked = false;
        for (int index = 0; index < trained.Length; index++)
        {
            bool isMarked = trained[index];
            run += isMarked && !wasMarked ? 1 : 0;
            wasMarked = isMarked;
            trained[index] = isMarked && run < learnt.Count && learnt[run];
        }

        return run + 1 == learnt.Count;
    }

    private void AddText(TextRecord record, bool isAlone)
    {
        int[] tokens;
        try
        {
            tokens = _tokenizer.Encode(record.Text, addSpecial: false);
        }
        catch (UnspellableTextException exception)
        {
            DropUnspellable(record, exception);
            return;
        }

        if (!isAlone)
        {
            AddWindows(record.Place, tokens, _sequences);
            return;
        }

        int trainingCount = tokens.Length - _use.Of(tokens.Length, Stride);
        AddWindows(record.Place, tokens.AsSpan(0, trainingCount), _training);
        AddWindows(record.Place, tokens.AsSpan(trainingCount), _validation);
    }

    private void DropUnspellable(DatasetRecord record, UnspellableTextException exception) =>
        _dropped.Add(new(record.Place, exception.Message) { Kind = "has characters that the vocabulary lacks" });

    // As perplexity is scored: windows do not overlap, each begins with BOS where the vocabulary asks for it, and every
    // token after its first is learnt.
    private void AddWindows(string place, ReadOnlySpan<int> tokens, List<TrainingSequence> windows)
    {
        for (int first = 0; first < tokens.Length; first += Stride)
        {
            int[] window = [.. Start, .. tokens.Slice(first, Math.Min(Stride, tokens.Length - first))];
            if (window.Length < 2)
            {
                _dropped.Add(new(place, "1 token is left over, with none before it to tell it from"));
                continue;
            }

            bool[] trained = new bool[window.Length];
            Array.Fill(trained, true, 1, trained.Length - 1);
            windows.Add(new TrainingSequence(window, trained) { Place = place });
        }
    }

    private TrainingData Finish(int recordCount)
    {
        int trainingCount = _sequences.Count - _use.Of(_sequences.Count);
        _training.AddRange(_sequences[..trainingCount]);
        _validation.AddRange(_sequences[trainingCount..]);
        return new TrainingData(recordCount, new(_training), new(_validation), _dropped);
    }
}
