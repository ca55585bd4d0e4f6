using Chaku.Model.Templates;

namespace Chaku.Training.Datasets;

/// <summary>
/// Messages as a record has them, on their way to a conversation. Where they do not come in turn it is mended, and
/// named: messages of one speaker in a row are joined with a blank line; what the assistant says before the first
/// question is left out, as FastChat does; so is a last question that nobody answers.
/// </summary>
/// <param name="place">Where the record is.</param>
internal sealed class TurnList(string place)
{
    private readonly List<Turn> _turns = [];
    private readonly List<string> _changes = [];

    /// <summary>Adds a message.</summary>
    /// <param name="role">Who speaks.</param>
    /// <param name="text">What.</param>
    /// <param name="isLearnt">Of an answer, whether it is learnt.</param>
    public void Add(Role role, string text, bool isLearnt = true) => _turns.Add(new(role, text, isLearnt));

    /// <summary>Notes what was changed, once.</summary>
    /// <param name="change">An entry of <see cref="RecordChange"/>.</param>
    public void Change(string change)
    {
        if (!_changes.Contains(change))
        {
            _changes.Add(change);
        }
    }

    /// <summary>The conversation, or why there is none.</summary>
    public DatasetRecord ToRecord()
    {
        int firstQuestion = _turns.FindIndex(turn => turn.Role == Role.User);
        if (firstQuestion < 0)
        {
            return new UnusableRecord(place, "no question");
        }

        if (_turns.FindLastIndex(turn => turn.Role == Role.System) > firstQuestion)
        {
            return new UnusableRecord(place, "a message of the system after the first question");
        }

        for (int index = firstQuestion - 1; index >= 0; index--)
        {
            if (_turns[index].Role == Role.Assistant)
            {
                _turns.RemoveAt(index);
                Change(RecordChange.Headless);
            }
        }

        if (!Join())
        {
            return new UnusableRecord(place, "answers in a row of which some are to be learnt and others not");
        }

        if (_turns[^1].Role == Role.User)
        {
            _turns.RemoveAt(_turns.Count - 1);
            if (_turns.Exists(turn => turn.Role == Role.Assistant))
            {
                Change(RecordChange.Unanswered);
            }
        }

        Turn[] answers = [.. _turns.Where(turn => turn.Role == Role.Assistant)];
        return answers.Length == 0
            ? new UnusableRecord(place, "no answer")
            : new ConversationRecord(place, new([.. _turns.Select(turn => new Message(turn.Role, turn.Text))]))
            {
                Changes = _changes,
                LearntAnswers = Array.TrueForAll(answers, turn => turn.IsLearnt)
                    ? null
                    : [.. answers.Select(turn => turn.IsLearnt)],
            };
    }

    // Whether all that is joined is of one kind.
    private bool Join()
    {
        List<Turn> joined = [];
        foreach (Turn turn in _turns)
        {
            if (joined is not [.., var last] || last.Role != turn.Role)
            {
                joined.Add(turn);
                continue;
            }

            if (turn.Role == Role.Assistant && turn.IsLearnt != last.IsLearnt)
            {
                return false;
            }

            // The tools on offer are no message of their own.
            if (turn.Role != Role.System || !_changes.Contains(RecordChange.Tools))
            {
                Change(RecordChange.Joined);
            }

            joined[^1] = last with { Text = $"{last.Text}\n\n{turn.Text}" };
        }

        _turns.Clear();
        _turns.AddRange(joined);
        return true;
    }

    private sealed record Turn(Role Role, string Text, bool IsLearnt);
}
