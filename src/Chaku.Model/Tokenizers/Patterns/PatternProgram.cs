using System.Buffers;

namespace Chaku.Model.Tokenizers.Patterns;

/// <summary>What an instruction does.</summary>
internal enum Operation
{
    /// <summary>The end of a match, or of a part that is matched on its own.</summary>
    Accept,

    /// <summary>Takes one code point of the set.</summary>
    Take,

    /// <summary>Takes <c>Minimum</c> to <c>Maximum</c> code points of the set, as many as possible first.</summary>
    Repeat,

    /// <summary>Goes on at <c>First</c>, and if that fails at <c>Second</c>.</summary>
    Branch,

    /// <summary>Goes on at <c>First</c>.</summary>
    Jump,

    /// <summary>Goes on at <c>First</c> if what follows this instruction matches here.</summary>
    Look,

    /// <summary>Goes on at <c>First</c> if what follows this instruction does not match here.</summary>
    LookNegative,

    /// <summary>Matches what follows this instruction on its own, and goes on behind it at <c>First</c>.</summary>
    Atomic,

    /// <summary>Goes on if the place is of the kind.</summary>
    Place,
}

/// <summary>One instruction of a <see cref="PatternProgram"/>.</summary>
internal readonly record struct Instruction(Operation Operation)
{
    /// <summary>The set of <see cref="Operation.Take"/> and <see cref="Operation.Repeat"/>.</summary>
    public CodePointSet? Set { get; init; }

    /// <summary>Where to go on.</summary>
    public int First { get; init; }

    /// <summary>Where else to go on.</summary>
    public int Second { get; init; }

    /// <summary>The fewest repetitions.</summary>
    public int Minimum { get; init; }

    /// <summary>The most repetitions; <see cref="int.MaxValue"/> is no limit.</summary>
    public int Maximum { get; init; }

    /// <summary>Whether <see cref="Operation.Repeat"/> never gives back what it took.</summary>
    public bool IsPossessive { get; init; }

    /// <summary>The condition of <see cref="Operation.Place"/>.</summary>
    public PlaceKind Place { get; init; }

    /// <summary>Its row in the table of what is known to fail, or −1.</summary>
    public int MemoRow { get; init; }
}

/// <summary>A pattern as instructions, with an entry for each of its outermost alternatives.</summary>
internal sealed class PatternProgram
{
    private const int MaxInstructions = 20_000;
    private readonly List<Instruction> _instructions = [];
    private readonly int[][] _entriesByByte = new int[129][];
    private readonly int[] _nullableEntries;
    private readonly SearchValues<byte> _startBytes;
    private int _compiledNodes;

    /// <summary>Compiles a pattern.</summary>
    /// <exception cref="FormatException">It is too large.</exception>
    public PatternProgram(PatternNode node)
    {
        IReadOnlyList<PatternNode> options = Options(node);
        int[] entries = new int[options.Count];
        for (int index = 0; index < entries.Length; index++)
        {
            entries[index] = _instructions.Count;
            Compile(options[index]);
            Emit(new(Operation.Accept));
        }

        for (int letter = 0; letter < 0x80; letter++)
        {
            _entriesByByte[letter] =
                [.. entries.Where((_, index) => options[index].IsNullable || CanStart(options[index], letter))];
        }

        _entriesByByte[0x80] = entries;
        _nullableEntries = [.. entries.Where((_, index) => options[index].IsNullable)];
        _startBytes = SearchValues.Create([.. Enumerable.Range(0, 0x100)
            .Where(value => value >= 0x80 || _entriesByByte[value].Length > 0).Select(static value => (byte)value)]);
        Instructions = [.. _instructions];
    }

    /// <summary>The instructions.</summary>
    public Instruction[] Instructions { get; }

    /// <summary>How many instructions have a row in the table of what is known to fail.</summary>
    public int MemoRows { get; private set; }

    /// <summary>The entries of the alternatives that can match at the place, in their order.</summary>
    public int[] EntriesAt(ReadOnlySpan<byte> text, int position) => position == text.Length
        ? _nullableEntries
        : _entriesByByte[Math.Min(text[position], (byte)0x80)];

    /// <summary>The next place from here on where an alternative can match, or the end.</summary>
    public int NextStart(ReadOnlySpan<byte> text, int position)
    {
        int skipped = text[position..].IndexOfAny(_startBytes);
        return skipped < 0 ? text.Length : CodePoints.EndBefore(text, position + skipped);
    }

    private static IReadOnlyList<PatternNode> Options(PatternNode node) => node switch
    {
        ChoiceNode choice => choice.Options,
        SequenceNode { Parts: [var only] } => Options(only),
        _ => [node],
    };

    private static bool CanStart(PatternNode node, int codePoint) => node switch
    {
        SetNode set => set.Set.Contains(codePoint),
        SequenceNode sequence => CanStart(sequence.Parts, codePoint),
        ChoiceNode choice => choice.Options.Any(option => CanStart(option, codePoint)),
        RepeatNode repeat => repeat.Maximum > 0 && CanStart(repeat.Body, codePoint),
        AtomicNode atomic => CanStart(atomic.Body, codePoint),
        _ => false,
    };

    private static bool CanStart(IReadOnlyList<PatternNode> parts, int codePoint)
    {
        foreach (PatternNode part in parts)
        {
            if (CanStart(part, codePoint))
            {
                return true;
            }

            if (!part.IsNullable)
            {
                break;
            }
        }

        return false;
    }

    private int Emit(Instruction instruction)
    {
        bool isRemembered = instruction.Operation == Operation.Branch
            || instruction is { Operation: Operation.Repeat, Maximum: int.MaxValue, IsPossessive: false };
        _instructions.Add(instruction with { MemoRow = isRemembered ? MemoRows++ : -1 });
        return _instructions.Count - 1;
    }

    private void Compile(PatternNode node)
    {
        // Repetitions of what emits nothing count as well.
        if (++_compiledNodes > MaxInstructions)
        {
            throw new FormatException($"expected a pattern of at most {MaxInstructions} steps, got more");
        }

        switch (node)
        {
            case SetNode set:
                _ = Emit(new(Operation.Take) { Set = set.Set });
                break;
            case SequenceNode sequence:
                foreach (PatternNode part in sequence.Parts)
                {
                    Compile(part);
                }

                break;
            case ChoiceNode choice:
                CompileChoice(choice.Options);
                break;
            case RepeatNode repeat:
                CompileRepeat(repeat);
                break;
            case LookAheadNode look:
                CompileAlone(look.IsNegative ? Operation.LookNegative : Operation.Look, look.Body);
                break;
            case AtomicNode atomic:
                CompileAlone(Operation.Atomic, atomic.Body);
                break;
            case PlaceNode place:
                _ = Emit(new(Operation.Place) { Place = place.Kind });
                break;
            default:
                throw new InvalidOperationException($"no instructions for {node.GetType().Name}");
        }
    }

    private void CompileAlone(Operation operation, PatternNode body)
    {
        int start = Emit(new(operation));
        Compile(body);
        _ = Emit(new(Operation.Accept));
        _instructions[start] = _instructions[start] with { First = _instructions.Count };
    }

    private void CompileChoice(IReadOnlyList<PatternNode> options)
    {
        List<int> jumps = [];
        for (int index = 0; index < options.Count; index++)
        {
            bool isLast = index == options.Count - 1;
            int branch = isLast ? -1 : Emit(new(Operation.Branch));
            Compile(options[index]);
            if (!isLast)
            {
                jumps.Add(Emit(new(Operation.Jump)));
                _instructions[branch] =
                    _instructions[branch] with { First = branch + 1, Second = _instructions.Count };
            }
        }

        foreach (int jump in jumps)
        {
            _instructions[jump] = _instructions[jump] with { First = _instructions.Count };
        }
    }

    private void CompileRepeat(RepeatNode repeat)
    {
        PatternNode body = repeat.Body is SequenceNode { Parts: [var only] } ? only : repeat.Body;
        if (body is SetNode set && repeat.Mode != RepeatMode.Lazy)
        {
            _ = Emit(new(Operation.Repeat)
            {
                Set = set.Set,
                Minimum = repeat.Minimum,
                Maximum = repeat.Maximum,
                IsPossessive = repeat.Mode == RepeatMode.Possessive,
            });
            return;
        }

        if (repeat.Mode == RepeatMode.Possessive)
        {
            CompileAlone(Operation.Atomic, repeat with { Mode = RepeatMode.Greedy });
            return;
        }

        for (int count = 0; count < repeat.Minimum; count++)
        {
            Compile(body);
        }

        CompileOptional(body, repeat);
    }

    /// <summary>What may come after the fewest repetitions: a loop, or one optional part after the other.</summary>
    private void CompileOptional(PatternNode body, RepeatNode repeat)
    {
        bool isLoop = repeat.Maximum == int.MaxValue;
        List<int> branches = [];
        for (int count = isLoop ? 1 : repeat.Maximum - repeat.Minimum; count > 0; count--)
        {
            branches.Add(Emit(new(Operation.Branch)));
            Compile(body);
        }

        if (isLoop)
        {
            _ = Emit(new(Operation.Jump) { First = branches[0] });
        }

        int end = _instructions.Count;
        foreach (int branch in branches)
        {
            bool isLazy = repeat.Mode == RepeatMode.Lazy;
            _instructions[branch] = _instructions[branch] with
            {
                First = isLazy ? end : branch + 1,
                Second = isLazy ? branch + 1 : end,
            };
        }
    }
}
