namespace Chaku.Model.Tokenizers.Patterns;

/// <summary>How a repetition chooses among the counts that fit.</summary>
internal enum RepeatMode
{
    /// <summary>As many as possible first.</summary>
    Greedy,

    /// <summary>As few as possible first.</summary>
    Lazy,

    /// <summary>As many as possible, and never fewer.</summary>
    Possessive,
}

/// <summary>What holds at a place between two code points.</summary>
internal enum PlaceKind
{
    /// <summary><c>\A</c>.</summary>
    TextStart,

    /// <summary><c>\z</c>.</summary>
    TextEnd,

    /// <summary><c>^</c>.</summary>
    LineStart,

    /// <summary><c>$</c>.</summary>
    LineEnd,

    /// <summary><c>\b</c>.</summary>
    WordBoundary,

    /// <summary><c>\B</c>.</summary>
    NoWordBoundary,
}

/// <summary>A parsed pattern.</summary>
internal abstract record PatternNode
{
    /// <summary>Whether it can match nothing at all.</summary>
    public abstract bool IsNullable { get; }
}

/// <summary>One code point of a set.</summary>
internal sealed record SetNode(CodePointSet Set) : PatternNode
{
    public override bool IsNullable => false;
}

/// <summary>One after the other.</summary>
internal sealed record SequenceNode(IReadOnlyList<PatternNode> Parts) : PatternNode
{
    public override bool IsNullable => Parts.All(static part => part.IsNullable);
}

/// <summary>The first that lets the whole match.</summary>
internal sealed record ChoiceNode(IReadOnlyList<PatternNode> Options) : PatternNode
{
    public override bool IsNullable => Options.Any(static option => option.IsNullable);
}

/// <summary>Again and again; <see cref="int.MaxValue"/> is no maximum.</summary>
internal sealed record RepeatNode(PatternNode Body, int Minimum, int Maximum, RepeatMode Mode) : PatternNode
{
    public override bool IsNullable => Minimum == 0 || Body.IsNullable;
}

/// <summary>What must follow, or must not, without being part of the match.</summary>
internal sealed record LookAheadNode(PatternNode Body, bool IsNegative) : PatternNode
{
    public override bool IsNullable => true;
}

/// <summary>The first way to match it; no other is tried.</summary>
internal sealed record AtomicNode(PatternNode Body) : PatternNode
{
    public override bool IsNullable => Body.IsNullable;
}

/// <summary>A condition on the place.</summary>
internal sealed record PlaceNode(PlaceKind Kind) : PatternNode
{
    public override bool IsNullable => true;
}
