using System.Runtime.Intrinsics;
using Chaku.Kernels.Ops;

namespace Chaku.Model.Generation;

/// <summary>
/// The tokens that may come next, with their scores. Samplers change scores while every token is there, then cut the
/// list. Reused from token to token; allocates nothing.
/// </summary>
/// <param name="vocabularySize">Tokens that there are.</param>
internal sealed class Candidates(int vocabularySize)
{
    // How many are sorted at first where nobody knows how many will be needed: probabilities fall fast.
    private const int FirstSorted = 64;

    private readonly Candidate[] _candidates = new Candidate[vocabularySize];
    private readonly float[] _probabilities = new float[vocabularySize];
    private int _sortedCount;

    /// <summary>How many are left.</summary>
    public int Count { get; private set; }

    /// <summary>What is left; in the order of ids until something sorts it.</summary>
    public ReadOnlySpan<Candidate> Left => _candidates.AsSpan(0, Count);

    /// <summary>Begins with every token.</summary>
    /// <param name="logits">[vocabulary].</param>
    public void Reset(ReadOnlySpan<float> logits)
    {
        Count = logits.Length;
        _sortedCount = 0;
        for (int id = 0; id < logits.Length; id++)
        {
            _candidates[id] = new Candidate(id, logits[id]);
        }
    }

    /// <summary>Score of a token, while every token is there in the order of ids.</summary>
    public float Score(int id) => _candidates[id].Score;

    /// <summary>Sets a token's score, while every token is there in the order of ids.</summary>
    public void SetScore(int id, float score)
    {
        if (_candidates[id].Id != id)
        {
            throw new InvalidOperationException(
                $"place {id} holds token {_candidates[id].Id}: scores change before the cut");
        }

        _candidates[id] = new Candidate(id, score);
    }

    /// <summary>Divides every score.</summary>
    public void Divide(float divisor)
    {
        foreach (ref Candidate candidate in _candidates.AsSpan(0, Count))
        {
            candidate = new Candidate(candidate.Id, candidate.Score / divisor);
        }
    }

    /// <summary>The best; of equals the one with the lower id.</summary>
    public Candidate Best()
    {
        Candidate best = _candidates[0];
        foreach (Candidate candidate in Left)
        {
            best = candidate.CompareTo(best) < 0 ? candidate : best;
        }

        return best;
    }

    /// <summary>Keeps the best ones.</summary>
    public void KeepBest(int count)
    {
        if (count < Count)
        {
            SortBest(count);
            Count = count;
        }
    }

    /// <summary>Keeps those with at least this score, in their order.</summary>
    public void KeepFrom(float score)
    {
        int kept = 0;
        foreach (Candidate candidate in Left)
        {
            if (candidate.Score >= score)
            {
                _candidates[kept++] = candidate;
            }
        }

        _sortedCount = Math.Min(_sortedCount, kept);
        Count = kept;
    }

    /// <summary>Keeps the best ones whose probabilities together reach a share; at least one.</summary>
    public void KeepShare(double share)
    {
        double needed = share * Weigh();
        float largest = Best().Score;
        double sum = 0;
        for (int place = 0; place < Count; place++)
        {
            if (place >= _sortedCount)
            {
                SortBest(Math.Max(FirstSorted, 4 * place));
            }

            sum += VectorMath.Exp(_candidates[place].Score - largest);
            if (sum >= needed)
            {
                Count = place + 1;
            }
        }
    }

    /// <summary>The token where the running sum of probabilities passes a share of them all.</summary>
    /// <param name="share">In [0, 1).</param>
    public int Draw(double share)
    {
        double left = share * Weigh();
        for (int place = 0; place < Count; place++)
        {
            left -= _probabilities[place];
            if (left < 0)
            {
                return _candidates[place].Id;
            }
        }

        return Best().Id;
    }

    /// <summary>Sets the probabilities, those of the best being 1, and sums them.</summary>
    private double Weigh()
    {
        Span<float> weights = _probabilities.AsSpan(0, Count);
        float largest = Best().Score;
        for (int place = 0; place < weights.Length; place++)
        {
            weights[place] = _candidates[place].Score - largest;
        }

        int i = 0;
        for (; i <= weights.Length - VectorMath.Width; i += VectorMath.Width)
        {
            VectorMath.Exp(Vector256.Create(weights.Slice(i, VectorMath.Width))).CopyTo(weights[i..]);
        }

        double sum = 0;
        for (int place = 0; place < weights.Length; place++)
        {
            weights[place] = place < i ? weights[place] : VectorMath.Exp(weights[place]);
            sum += weights[place];
        }

        return sum;
    }

    /// <summary>Brings the best ones to the front, sorted.</summary>
    private void SortBest(int count)
    {
        count = Math.Min(count, Count);
        Span<Candidate> rest = _candidates.AsSpan(0, Count);
        int wanted = count;
        while (wanted > 0 && wanted < rest.Length)
        {
            int front = Partition(rest);
            if (front >= wanted)
            {
                rest = rest[..front];
            }
            else
            {
                wanted -= front;
                rest = rest[front..];
            }
        }

        _candidates.AsSpan(0, count).Sort();
        _sortedCount = count;
    }

    /// <summary>
    /// Hoare's partition around the middle one: the returned number of better or equal ones comes first.
    /// </summary>
    private static int Partition(Span<Candidate> span)
    {
        Candidate pivot = span[(span.Length - 1) / 2];
        int left = -1;
        int right = span.Length;
        while (true)
        {
            do
            {
                left++;
            }
            while (span[left].CompareTo(pivot) < 0);

            do
            {
                right--;
            }
            while (span[right].CompareTo(pivot) > 0);

            if (left >= right)
            {
                return right + 1;
            }

            (span[left], span[right]) = (span[right], span[left]);
        }
    }
}
