namespace Chaku.Model.Generation;

/// <summary>Why an answer ended.</summary>
public enum FinishReason
{
    /// <summary>The model ended it, or a stop id or stop string did.</summary>
    Stop,

    /// <summary>It has as many tokens as were asked for.</summary>
    Length,

    /// <summary>Prompt and answer fill the context.</summary>
    ContextFull,
}

/// <summary>A token and how likely the model finds it.</summary>
/// <param name="Token">Its id.</param>
/// <param name="LogProbability">The natural logarithm of its probability.</param>
public readonly record struct TokenProbability(int Token, float LogProbability);

/// <summary>One token of an answer.</summary>
/// <param name="Token">Its id.</param>
/// <param name="Text">
/// The text that is certain with it: whole characters, and nothing that may yet become a stop string. The texts of
/// all steps are the answer.
/// </param>
/// <param name="LogProbability">The token's log-probability, where it was asked for.</param>
/// <param name="TopLogProbabilities">The likeliest tokens, best first, where they were asked for; else empty.</param>
/// <param name="FinishReason">Set in the last step.</param>
public readonly record struct GenerationStep(
    int Token,
    string Text,
    float? LogProbability,
    IReadOnlyList<TokenProbability> TopLogProbabilities,
    FinishReason? FinishReason);
