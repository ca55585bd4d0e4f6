namespace Chaku.Model.Generation;

/// <summary>Log-probabilities under the model's own distribution: logit − log Σ eˡᵒᵍⁱᵗ.</summary>
internal static class LogProbabilities
{
    /// <summary>The likeliest tokens, best first; of equals the one with the lower id.</summary>
    /// <param name="logits">[vocabulary].</param>
    /// <param name="logSumExp">log Σ eˡᵒᵍⁱᵗ.</param>
    /// <param name="count">How many, or all there are.</param>
    public static TokenProbability[] Top(ReadOnlySpan<float> logits, float logSumExp, int count)
    {
        TokenProbability[] top = new TokenProbability[Math.Min(count, logits.Length)];
        int held = 0;
        for (int id = 0; id < logits.Length && top.Length > 0; id++)
        {
            float logProbability = logits[id] - logSumExp;
            if (held == top.Length && logProbability <= top[^1].LogProbability)
            {
                continue;
            }

            int place = held < top.Length ? held++ : held - 1;
            for (; place > 0 && top[place - 1].LogProbability < logProbability; place--)
            {
                top[place] = top[place - 1];
            }

            top[place] = new TokenProbability(id, logProbability);
        }

        return top;
    }
}
