namespace Chaku.Kernels.Tests.Ops;

/// <summary>
/// Causal attention over one sequence from position 0 on, in double precision, as textbooks write it.
/// </summary>
internal sealed class NaiveAttention(int heads, int kvHeads, int headSize, double[] q, double[] k, double[] v)
{
    public double[] Q => q;

    public double[] K => k;

    public double[] V => v;

    private int Length => q.Length / (heads * headSize);

    /// <summary>y = soft-max(q · Kᵀ / √head size) · V.</summary>
    public double[] Outputs()
    {
        double[] y = new double[q.Length];
        for (int position = 0; position < Length; position++)
        {
            for (int head = 0; head < heads; head++)
            {
                AddOutput(position, head, y);
            }
        }

        return y;
    }

    /// <summary>log Σ e^score, [T, heads].</summary>
    public double[] LogSums() =>
        [.. Enumerable.Range(0, Length * heads).Select(i => Math.Log(Scores(i / heads, i % heads).Sum(Math.Exp)))];

    /// <summary>Σ dy · y.</summary>
    public double Loss(float[] dy) => Outputs().Zip(dy, (a, b) => a * b).Sum();

    /// <summary>The largest Σ |q · k| · scale, for the bound on a score's error.</summary>
    public double ScoreMagnitude()
    {
        double largest = 0;
        for (int i = 0; i < Length * heads; i++)
        {
            for (int key = 0; key <= i / heads; key++)
            {
                double sum = 0;
                for (int d = 0; d < headSize; d++)
                {
                    sum += Math.Abs(q[(i * headSize) + d] * k[KvAt(key, i % heads) + d]);
                }

                largest = Math.Max(largest, sum / Math.Sqrt(headSize));
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
            for (int d = 0; d < headSize; d++)
            {
                y[(((position * heads) + head) * headSize) + d] += powers[key] / sum * v[KvAt(key, head) + d];
            }
        }
    }

    private double[] Scores(int position, int head)
    {
        double[] scores = new double[position + 1];
        for (int key = 0; key <= position; key++)
        {
            for (int d = 0; d < headSize; d++)
            {
                scores[key] += q[(((position * heads) + head) * headSize) + d] * k[KvAt(key, head) + d];
            }

            scores[key] /= Math.Sqrt(headSize);
        }

        return scores;
    }

    private int KvAt(int position, int head) => ((position * kvHeads) + (head / (heads / kvHeads))) * headSize;
}
