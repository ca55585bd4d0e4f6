using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Ops;

/// <summary>Over which experts the weights of the chosen ones are a soft-max.</summary>
internal enum ExpertWeighting
{
    /// <summary>
    /// The chosen ones: their weights add up to 1. A soft-max over all, divided by the chosen ones' sum, is the same.
    /// </summary>
    AmongChosen,

    /// <summary>All: the weights of the chosen ones add up to less.</summary>
    AmongAll,
}

/// <summary>
/// Chooses the experts with the highest logits, token by token, and their weights: e^logit / Σ e^logit.
/// </summary>
/// <remarks>
/// Of equal logits the lower index is chosen. float32, whatever the experts' weights are in. Sources: arXiv:2401.04088
/// (among the chosen), arXiv:2101.03961 (among all).
/// </remarks>
internal static class ExpertRouter
{
    /// <summary>Chooses k experts for each token.</summary>
    /// <param name="weighting">Over which experts the weights are a soft-max.</param>
    /// <param name="logits">[T, experts], float32.</param>
    /// <param name="tokenCount">T.</param>
    /// <param name="chosen">[T, k], ascending for each token.</param>
    /// <param name="weights">[T, k].</param>
    /// <exception cref="ArgumentException">Lengths disagree, or there are fewer than k experts.</exception>
    public static void Forward(
        ExpertWeighting weighting,
        ReadOnlySpan<float> logits,
        int tokenCount,
        Span<int> chosen,
        Span<float> weights)
    {
        (int experts, int k) = Widths(logits.Length, tokenCount, chosen.Length, weights.Length);
        for (int token = 0; token < tokenCount; token++)
        {
            ReadOnlySpan<float> row = logits.Slice(token * experts, experts);
            Span<int> choice = chosen.Slice(token * k, k);
            Span<float> weight = weights.Slice(token * k, k);
            Choose(row, choice);
            for (int i = 0; i < k; i++)
            {
                weight[i] = row[choice[i]];
            }

            SoftMax softMax = SoftMax.Over(weighting == ExpertWeighting.AmongChosen ? weight : row);
            for (int i = 0; i < k; i++)
            {
                weight[i] = softMax.Of(weight[i]);
            }
        }
    }

    /// <summary>
    /// dLogits += the gradient of the weights, the choice being constant: p · (dWeight − Σ dWeight · weight) of each
    /// expert in the soft-max, p its share and dWeight 0 where it was not chosen.
    /// </summary>
    /// <param name="weighting">As in the forward.</param>
    /// <param name="logits">[T, experts], the forward's input.</param>
    /// <param name="tokenCount">T.</param>
    /// <param name="chosen">[T, k], from the forward.</param>
    /// <param name="weights">[T, k], from the forward.</param>
    /// <param name="dWeights">[T, k].</param>
    /// <param name="dLogits">[T, experts], added to.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void Backward(
        ExpertWeighting weighting,
        ReadOnlySpan<float> logits,
        int tokenCount,
        ReadOnlySpan<int> chosen,
        ReadOnlySpan<float> weights,
        ReadOnlySpan<float> dWeights,
        Span<float> dLogits)
    {
        (int experts, int k) = Widths(logits.Length, tokenCount, chosen.Length, weights.Length);
        Shape.RequireLength(dWeights.Length, weights.Length, nameof(dWeights));
        Shape.RequireLength(dLogits.Length, logits.Length, nameof(dLogits));
        for (int token = 0; token < tokenCount; token++)
        {
            ReadOnlySpan<float> weight = weights.Slice(token * k, k);
            ReadOnlySpan<float> dWeight = dWeights.Slice(token * k, k);
            Span<float> dRow = dLogits.Slice(token * experts, experts);
            float projection = VectorMath.Dot(weight, dWeight);
            bool isAmongAll = weighting == ExpertWeighting.AmongAll;
            for (int i = 0; i < k; i++)
            {
                float difference = isAmongAll ? dWeight[i] : dWeight[i] - projection;
                dRow[chosen[(token * k) + i]] += weight[i] * difference;
            }

            if (isAmongAll)
            {
                ReadOnlySpan<float> row = logits.Slice(token * experts, experts);
                SoftMax softMax = SoftMax.Over(row);
                for (int expert = 0; expert < experts; expert++)
                {
                    dRow[expert] -= softMax.Of(row[expert]) * projection;
                }
            }
        }
    }

    private static (int Experts, int K) Widths(int logitCount, int tokenCount, int chosenCount, int weightCount)
    {
        int experts = logitCount / Math.Max(1, tokenCount);
        int k = Math.Min(experts, chosenCount / Math.Max(1, tokenCount));
        Shape.RequireLength(logitCount, (long)experts * tokenCount, nameof(logitCount));
        Shape.RequireLength(chosenCount, (long)k * tokenCount, nameof(chosenCount));
        Shape.RequireLength(weightCount, chosenCount, nameof(weightCount));
        return (experts, k);
    }

    // The highest that is not chosen yet, k times. What is not a number is never higher than another.
    private static void Choose(ReadOnlySpan<float> logits, Span<int> chosen)
    {
        for (int count = 0; count < chosen.Length; count++)
        {
            int best = -1;
            for (int expert = 0; expert < logits.Length; expert++)
            {
                bool isHigher = best < 0 || logits[expert] > logits[best] || float.IsNaN(logits[best]);
                if (isHigher && !chosen[..count].Contains(expert))
                {
                    best = expert;
                }
            }

            chosen[count] = best;
        }

        chosen.Sort();
    }

    /// <summary>A soft-max: e^(logit − largest) / sum.</summary>
    private readonly struct SoftMax(float largest, float sum)
    {
        public static SoftMax Over(ReadOnlySpan<float> logits)
        {
            float largest = float.NegativeInfinity;
            foreach (float logit in logits)
            {
                largest = MathF.Max(largest, logit);
            }

            Vector256<float> shift = Vector256.Create(largest);
            Vector256<float> sum = Vector256<float>.Zero;
            int i = 0;
            for (; i <= logits.Length - VectorMath.Width; i += VectorMath.Width)
            {
                sum += VectorMath.Exp(VectorMath.Load(logits, i) - shift);
            }

            if (i < logits.Length)
            {
                int count = logits.Length - i;
                sum += VectorMath.Exp(VectorMath.LoadTail(in logits[i], count, float.NegativeInfinity) - shift);
            }

            return new SoftMax(largest, VectorMath.Sum(sum));
        }

        public float Of(float logit) => VectorMath.Exp(logit - largest) / sum;
    }
}
