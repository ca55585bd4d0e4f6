namespace Chaku.Model;

/// <summary>Tokens do not fit into the context. Nothing is ever cut to make them fit.</summary>
public sealed class ContextOverflowException : Exception
{
    /// <summary>Names both numbers.</summary>
    /// <param name="tokenCount">Tokens that were asked for.</param>
    /// <param name="contextLength">Positions that there are.</param>
    public ContextOverflowException(int tokenCount, int contextLength)
        : base($"{tokenCount} tokens do not fit into the context of {contextLength}")
    {
        TokenCount = tokenCount;
        ContextLength = contextLength;
    }

    /// <summary>Tokens that were asked for.</summary>
    public int TokenCount { get; }

    /// <summary>Positions that there are.</summary>
    public int ContextLength { get; }
}
