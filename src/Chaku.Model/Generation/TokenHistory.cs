using System.Runtime.InteropServices;

namespace Chaku.Model.Generation;

/// <summary>Which tokens prompt and answer hold, and how often.</summary>
internal sealed class TokenHistory
{
    private readonly int[] _answerCounts;
    private readonly bool[] _isSeen;
    private readonly List<int> _distinct;

    /// <summary>Begins with the prompt.</summary>
    /// <param name="prompt">The tokens before the answer.</param>
    /// <param name="vocabularySize">Tokens that there are.</param>
    public TokenHistory(ReadOnlySpan<int> prompt, int vocabularySize)
    {
        _answerCounts = new int[vocabularySize];
        _isSeen = new bool[vocabularySize];
        _distinct = new List<int>(vocabularySize);
        foreach (int token in prompt)
        {
            See(token);
        }
    }

    /// <summary>Every token of prompt and answer, once.</summary>
    public ReadOnlySpan<int> Distinct => CollectionsMarshal.AsSpan(_distinct);

    /// <summary>How often a token is in the answer.</summary>
    public int AnswerCount(int token) => _answerCounts[token];

    /// <summary>Notes a token of the answer.</summary>
    public void Append(int token)
    {
        _answerCounts[token]++;
        See(token);
    }

    private void See(int token)
    {
        if (!_isSeen[token])
        {
            _isSeen[token] = true;
            _distinct.Add(token);
        }
    }
}
