namespace Chaku.Model.Tokenizers.Patterns;

/// <summary>One search through one text: the matches of a pattern, from left to right.</summary>
/// <remarks>
/// Tries alternatives in order and goes back where one fails. Where that costs more than a few steps per byte, it
/// writes down which instruction has failed at which place and never tries it there again, so that the time is bounded
/// by the pattern's size times the text's length. What looks ahead far and succeeds is not written down: such a pattern
/// may run into the bound on steps. Source of the table: J. C. Davis et al., "Using Selective Memoization to Defeat
/// Regular Expression Denial of Service", IEEE S&amp;P 2021.
/// </remarks>
internal ref struct PatternSearch
{
    private const long MaxMemoBits = 1L << 29;
    private const int MaxKeptFrames = 1 << 16;

    [ThreadStatic]
    private static Frame[]? _keptFrames;

    private readonly SplitPattern _pattern;
    private readonly Instruction[] _instructions;
    private readonly ReadOnlySpan<byte> _text;
    private Frame[] _frames = _keptFrames ??= new Frame[64];
    private ulong[]? _failed;
    private int _frameCount;
    private int _searchStart;
    private long _steps;
    private long _stepsUntilMemo;

    /// <summary>Begins at the start of the text.</summary>
    public PatternSearch(SplitPattern pattern, ReadOnlySpan<byte> text)
    {
        _pattern = pattern;
        _instructions = pattern.Program.Instructions;
        _text = text;
        _stepsUntilMemo = 4096 + (32L * text.Length);
    }

    private enum FrameKind
    {
        /// <summary>The second way of a branch is still open.</summary>
        Branch,

        /// <summary>A repetition can give back what it took, down to <c>Low</c>.</summary>
        Repeat,

        /// <summary>Whoever comes back here knows that the branch fails at the place.</summary>
        Failure,
    }

    /// <summary>Where the match begins.</summary>
    public int Start { get; private set; } = -1;

    /// <summary>Where the match ends.</summary>
    public int End { get; private set; } = -1;

    /// <summary>
    /// Goes to the next match; one of no length is not found where the last match ended.
    /// </summary>
    public bool MoveNext()
    {
        PatternProgram program = _pattern.Program;
        for (int position = _searchStart; position <= _text.Length;)
        {
            int[] entries = program.EntriesAt(_text, position);
            if (entries.Length == 0 && position < _text.Length)
            {
                position = program.NextStart(_text, position);
                continue;
            }

            foreach (int entry in entries)
            {
                int end = Run(entry, position);
                if (end > position || (end == position && position != End))
                {
                    (Start, End, _searchStart) = (position, end, end);
                    return true;
                }

                if (end >= 0)
                {
                    break;
                }
            }

            if (position == _text.Length)
            {
                break;
            }

            _ = CodePoints.Read(_text, ref position);
        }

        _searchStart = _text.Length + 1;
        return false;
    }

    /// <summary>Matches from an instruction at a place; gives the end, or −1.</summary>
    private int Run(int instruction, int position)
    {
        int bottom = _frameCount;
        while (true)
        {
            if (++_steps > _stepsUntilMemo)
            {
                CheckSteps();
            }

            ref readonly Instruction current = ref _instructions[instruction];
            switch (current.Operation)
            {
                case Operation.Accept:
                    _frameCount = bottom;
                    return position;
                case Operation.Take:
                    instruction = TryTake(current.Set!, ref position) ? instruction + 1 : -1;
                    break;
                case Operation.Repeat:
                    instruction = TryRepeat(instruction, in current, ref position) ? instruction + 1 : -1;
                    break;
                case Operation.Branch:
                    instruction = TryBranch(instruction, in current, position);
                    break;
                case Operation.Place:
                    instruction = IsPlace(current.Place, position) ? instruction + 1 : -1;
                    break;
                case Operation.Jump:
                    instruction = current.First;
                    break;
                default:
                    instruction = RunAlone(instruction, in current, ref position);
                    break;
            }

            if (instruction < 0 && !TryGoBack(bottom, out instruction, out position))
            {
                return -1;
            }
        }
    }

    private int RunAlone(int instruction, in Instruction current, ref int position)
    {
        int end = Run(instruction + 1, position);
        bool goesOn = current.Operation == Operation.LookNegative ? end < 0 : end >= 0;
        if (goesOn && current.Operation == Operation.Atomic)
        {
            position = end;
        }

        return goesOn ? current.First : -1;
    }

    private readonly bool TryTake(CodePointSet set, ref int position) =>
        position < _text.Length && set.Contains(CodePoints.Read(_text, ref position));

    private int TryBranch(int instruction, in Instruction current, int position)
    {
        if (HasFailed(current.MemoRow, position))
        {
            return -1;
        }

        Push(new(FrameKind.Branch, instruction, position, position));
        return current.First;
    }

    private bool TryRepeat(int instruction, in Instruction current, ref int position)
    {
        CodePointSet set = current.Set!;
        int start = position;
        int count = 0;
        for (; count < current.Minimum; count++)
        {
            if (!TryTake(set, ref position))
            {
                return false;
            }
        }

        int low = position;
        if (HasFailed(current.MemoRow, low))
        {
            return false;
        }

        // Where it is known to fail, it is known to fail for all that lies further on as well.
        for (int next = position; count < current.Maximum && TryTake(set, ref next); count++)
        {
            if (HasFailed(current.MemoRow, next))
            {
                break;
            }

            position = next;
        }

        _steps += position - start;
        bool canGiveBack = !current.IsPossessive && (position > low || _failed is not null);
        if (canGiveBack && _instructions[instruction + 1].Operation != Operation.Accept)
        {
            Push(new(FrameKind.Repeat, instruction, position, low));
        }

        return true;
    }

    /// <summary>Takes up the latest open way; false where there is none above the bottom.</summary>
    private bool TryGoBack(int bottom, out int instruction, out int position)
    {
        while (_frameCount > bottom)
        {
            ref Frame frame = ref _frames[_frameCount - 1];
            position = frame.Position;
            int memoRow = _instructions[frame.Instruction].MemoRow;
            switch (frame.Kind)
            {
                case FrameKind.Branch when _failed is null:
                    instruction = _instructions[frame.Instruction].Second;
                    _frameCount--;
                    return true;
                case FrameKind.Branch:
                    instruction = _instructions[frame.Instruction].Second;
                    frame = frame with { Kind = FrameKind.Failure };
                    return true;
                case FrameKind.Repeat when position > frame.Low:
                    Remember(memoRow, position);
                    position = CodePoints.StepBack(_text, position);
                    frame = frame with { Position = position };
                    instruction = frame.Instruction + 1;
                    return true;
                default:
                    Remember(memoRow, position);
                    _frameCount--;
                    break;
            }
        }

        (instruction, position) = (-1, -1);
        return false;
    }

    private readonly bool IsPlace(PlaceKind kind, int position) => kind switch
    {
        PlaceKind.TextStart => position == 0,
        PlaceKind.TextEnd => position == _text.Length,
        PlaceKind.LineStart => position == 0 || _text[position - 1] == '\n',
        PlaceKind.LineEnd => position == _text.Length || _text[position] == '\n',
        PlaceKind.WordBoundary => IsWordAt(position) != IsWordBefore(position),
        _ => IsWordAt(position) == IsWordBefore(position),
    };

    private readonly bool IsWordAt(int position) =>
        position < _text.Length && CodePoints.IsWord(CodePoints.Read(_text, ref position));

    private readonly bool IsWordBefore(int position) =>
        position > 0 && IsWordAt(CodePoints.StepBack(_text, position));

    private void Push(Frame frame)
    {
        if (_frameCount == _frames.Length)
        {
            Array.Resize(ref _frames, 2 * _frames.Length);
            _keptFrames = _frames.Length <= MaxKeptFrames ? _frames : _keptFrames;
        }

        _frames[_frameCount++] = frame;
    }

    private readonly bool HasFailed(int memoRow, int position) =>
        _failed is not null && memoRow >= 0
        && (_failed[BitOf(memoRow, position) >> 6] >> BitOf(memoRow, position) & 1) != 0;

    private readonly void Remember(int memoRow, int position)
    {
        if (_failed is not null && memoRow >= 0)
        {
            _failed[BitOf(memoRow, position) >> 6] |= 1UL << BitOf(memoRow, position);
        }
    }

    private readonly int BitOf(int memoRow, int position) => (memoRow * (_text.Length + 1)) + position;

    /// <summary>Begins to remember failures, and later gives up.</summary>
    private void CheckSteps()
    {
        long maxSteps = 100_000 + (200L * _text.Length);
        long bits = (long)_pattern.Program.MemoRows * (_text.Length + 1);
        if (_failed is not null || bits > MaxMemoBits)
        {
            throw _pattern.RefuseSlowness(_text.Length, _steps);
        }

        _failed = new ulong[(bits >> 6) + 1];
        _stepsUntilMemo = maxSteps;
    }

    private readonly record struct Frame(FrameKind Kind, int Instruction, int Position, int Low);
}
