using Chaku.Kernels.Ops;
using Chaku.Model.Generation;

namespace Chaku.Model.Tests.Generation;

/// <summary>
/// The plainest way to cut and draw: sorts all there is, and adds one probability after the other. It says which token
/// is right.
/// </summary>
internal static class SortedSampler
{
    /// <summary>
    /// The token that temperature, top-k, top-p, min-p and a draw give; the best one without temperature.
    /// </summary>
    public static int Pick(float[] logits, GenerationOptions options, double draw)
    {
        List<Candidate> left = [.. logits.Select((logit, id) => new Candidate(id, logit))];
        if (options.Temperature == 0)
        {
            return left.Min().Id;
        }

        left = left.ConvertAll(candidate => new Candidate(candidate.Id, candidate.Score / options.Temperature));
        if (options.TopK > 0 && options.TopK < left.Count)
        {
            left = KeepBest(left, options.TopK);
        }

        if (options.TopP < 1)
        {
            left = KeepShare(left, options.TopP);
        }

        if (options.MinP > 0)
        {
            left = KeepFrom(left, left.Min().Score + (float)Math.Log(options.MinP));
        }

        return Draw(left, draw);
    }

    /// <summary>The best ones.</summary>
    public static List<Candidate> KeepBest(List<Candidate> candidates, int count) =>
        [.. candidates.Order().Take(count)];

    /// <summary>The best ones that reach a share.</summary>
    public static List<Candidate> KeepShare(List<Candidate> candidates, double share)
    {
        float largest = candidates.Min().Score;
        double needed = share * Total(candidates, largest);
        List<Candidate> sorted = [.. candidates.Order()];
        double sum = 0;
        for (int place = 0; place < sorted.Count; place++)
        {
            sum += VectorMath.Exp(sorted[place].Score - largest);
            if (sum >= needed)
            {
                return sorted[..(place + 1)];
            }
        }

        return sorted;
    }

    private static List<Candidate> KeepFrom(List<Candidate> candidates, float score)
    {
        List<Candidate> kept = candidates.FindAll(candidate => candidate.Score >= score);
        return kept.Count > 0 ? kept : candidates[..1];
    }

    private static int Draw(List<Candidate> candidates, double share)
    {
        float largest = candidates.Min().Score;
        double left = share * Total(candidates, largest);
        foreach (Candidate candidate in candidates)
        {
            left -= VectorMath.Exp(candidate.Score - largest);
            if (left < 0)
            {
                return candidate.Id;
            }
        }

        return candidates.Min().Id;
    }

    private static double Total(List<Candidate> candidates, float largest)
    {
        double total = 0;
        foreach (Candidate candidate in candidates)
        {
            total += VectorMath.Exp(candidate.Score - largest);
        }

        return total;
    }
}
