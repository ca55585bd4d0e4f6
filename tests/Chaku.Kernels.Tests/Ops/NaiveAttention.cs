namespace Chaku.Kernels.Tests.Ops;

/// <summary>
/// Causal attention over one sequence from position 0 on, in double precision, as textbooks write it.
/// </summary>
internal sealed class NaiveAttention(AttentionConfig config, double[] q, double[] k, double[] v)
{
    private readonly int _heads = config.Heads;
    private readonly int _headSize = config.HeadSize;

    public double[] Q => q;

    public double[] K => k;

    public double[] V => v;

    private int Length => q.Length / (_heads * _headSize);

    /// <summary>y = soft-max(q · Kᵀ / √head size, capped and biased) · V, over the keys that are seen.</summary>
    public double[] Outputs()
    {
        double[] y = new double[q.Length];
        for (int position = 0; position < Length; position++)
        {
            for (int head = 0; head < _heads; head++)
            {
                AddOutput(position, head, y);
            }
        }

        return y;
    }

    /// <summary>log Σ e^score, [T, heads].</summary>
    public double[] LogSums() =>
        [.. Enumerable.Range(0, Length * _heads).Select(i => Math.Log(Scores(i / _heads, i % _heads).Sum(Math.Exp)))];

    /// <summary>Σ dy · y.</summary>
    public double Loss(float[] dy) => Outputs().Zip(dy, (a, b) => a * b).Sum();

    /// <summary>The largest Σ |q · k| · scale, for the bound on a score's error.</summary>
    public double ScoreMagnitude()
    {
        double largest = 0;
        for (int i = 0; i < Length * _heads; i++)
        {
            for (int key = 0; key <= i / _heads; key++)
            {
                double sum = 0;
                for (int d = 0; d < _headSize; d++)
                {
                    sum += Math.Abs(q[(i * _headSize) + d] * k[KvAt(key, i % _heads) + d]);
                }

                largest = Math.Max(largest, sum / Math.Sqrt(_headSize));
            }
        }

        return largest;
    }

    private void AddOutput(int position, int head, double[] y)
    {
        double[] powers = [.. Scores(position, head).Select(Math.Exp)];
        double sum = powers.Sum();
        for (int key = 0; key <= position; key++)
        {
            for (int d = 0; d < _headSize; d++)
            {
                y[(((position * _heads) + head) * _headSize) + d] += powers[key] / sum * v[KvAt(key, head) + d];
            }
        }
    }

    private double[] Scores(int position, int head)
    {
        double[] scores = new double[position + 1];
        for (int key = 0; key <= position; key++)
        {
            for (int d = 0; d < _headSize; d++)
            {
                scores[key] += q[(((position * _heads) + head) * _headSize) + d] * k[KvAt(key, head) + d];
            }

            scores[key] = Adjusted(scores[key] / Math.Sqrt(_headSize), head, position, key);
        }

        return scores;
    }

    private double Adjusted(double score, int head, int position, int key)
    {
        int distance = position - key;
        if (config.Window > 0 && distance >= config.Window)
        {
            return double.NegativeInfinity;
        }

        double capped = config.SoftCap == 0 ? score : config.SoftCap * Math.Tanh(score / config.SoftCap);
        if (config.RoundedBiasFactor != 0)
        {
            return capped + (config.RoundedBiasFactor * Rounded(config.Slopes[head] * Rounded(key)));
        }

        return config.Slopes.Length == 0 ? capped : capped - (config.Slopes[head] * distance);
    }

    // The nearest number with a significand of 8 bits, the even one of two.
    private static float Rounded(float value)
    {
        double unit = value == 0 ? 1 : Math.Pow(2, Math.Floor(Math.Log2(value)) - 7);
        return (float)(Math.Round(value / unit, MidpointRounding.ToEven) * unit);
    }

    private int KvAt(int position, int head) =>
        ((position * config.KvHeads) + (head / (_heads / config.KvHeads))) * _headSize;
}
