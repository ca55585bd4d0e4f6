using System.Numerics;
using System.Runtime.Intrinsics;
using Chaku.Kernels.Ops;

namespace Chaku.Model.Generation;

/// <summary>
/// The tokens that may come next, with their scores. Samplers change scores while every token is there, then cut the
/// list: a cut looks at all of them once, eight at a time, and sorts only what may be left. Reused from token to token;
/// allocates nothing.
/// </summary>
/// <param name="vocabularySize">Tokens that there are.</param>
internal sealed class Candidates(int vocabularySize)
{
    // A nucleus is sought within these distances of the best score; further below is everything.
    private const float FirstDepth = 2;
    private const float LastDepth = 64;

    // Sums depend on their order, in digits behind this one.
    private const double SurelyReached = 1 - 1e-9;

    // Room for some more than the best ones, so that they are not selected again and again.
    private const int SpareKeys = 256;

    private readonly float[] _scores = new float[vocabularySize + VectorMath.Width];
    private readonly float[] _probabilities = new float[vocabularySize];
    private readonly int[] _ids = new int[vocabularySize];
    private readonly ulong[] _keys = new ulong[vocabularySize];
    private readonly ulong[] _spareKeys = new ulong[vocabularySize];
    private bool _isCut;
    private bool _isSorted;

    /// <summary>How many are left.</summary>
    public int Count { get; private set; }

    private ReadOnlySpan<float> Scores => _scores.AsSpan(0, Count);

    /// <summary>Begins with every token.</summary>
    /// <param name="logits">[vocabulary].</param>
    public void Reset(ReadOnlySpan<float> logits)
    {
        Count = logits.Length;
        _isCut = false;
        _isSorted = false;
        logits.CopyTo(_scores);
    }

    /// <summary>What is left: by id, or sorted where a cut has sorted it.</summary>
    /// <param name="place">Below <see cref="Count"/>.</param>
    public Candidate At(int place) => new(_isCut ? _ids[place] : place, _scores[place]);

    /// <summary>Score of a token, while every token is there.</summary>
    public float Score(int id) => _scores[id];

    /// <summary>Sets a token's score, while every token is there.</summary>
    public void SetScore(int id, float score)
    {
        if (_isCut)
        {
            throw new InvalidOperationException($"{Count} tokens are left: scores change before the cut");
        }

        _scores[id] = score;
    }

    /// <summary>Divides every score.</summary>
    public void Divide(float divisor)
    {
        Span<float> scores = _scores.AsSpan(0, Count);
        Vector256<float> divisors = Vector256.Create(divisor);
        int i = 0;
        for (; i <= scores.Length - VectorMath.Width; i += VectorMath.Width)
        {
            (VectorMath.Load(scores, i) / divisors).CopyTo(scores[i..]);
        }

        for (; i < scores.Length; i++)
        {
            scores[i] /= divisor;
        }
    }

    /// <summary>The best; of equals the one with the lower id.</summary>
    public Candidate Best()
    {
        float largest = Largest();
        ReadOnlySpan<float> scores = Scores;
        Vector256<float> wanted = Vector256.Create(largest);
        int i = 0;
        for (; i <= scores.Length - VectorMath.Width; i += VectorMath.Width)
        {
            if (Vector256.EqualsAny(VectorMath.Load(scores, i), wanted))
            {
                break;
            }
        }

        for (; i < scores.Length; i++)
        {
            if (scores[i] == largest)
            {
                return At(i);
            }
        }

        // Nothing equals what is not a number.
        return At(0);
    }

    /// <summary>Keeps the best ones.</summary>
    public void KeepBest(int count)
    {
        if (count >= Count)
        {
            return;
        }

        if (_isSorted)
        {
            Count = count;
            return;
        }

        Span<ulong> best = _keys.AsSpan(0, GatherBest(count));
        CandidateKeys.SelectBest(best, count);
        best = best[..count];
        best.Sort();
        Keep(best);
    }

    /// <summary>Keeps those with at least this score, in their order; at least one.</summary>
    public void KeepFrom(float score)
    {
        int kept = 0;
        for (int i = 0; i < Count; i += VectorMath.Width)
        {
            // Written at or before the place where they were read.
            for (uint lanes = LanesFrom(i, score); lanes != 0; lanes &= lanes - 1)
            {
                int place = i + BitOperations.TrailingZeroCount(lanes);
                (_ids[kept], _scores[kept]) = (_isCut ? _ids[place] : place, _scores[place]);
                kept++;
            }
        }

        // Where no score is a number, the first stays.
        _ids[0] = kept > 0 || _isCut ? _ids[0] : 0;
        _isCut = true;
        Count = Math.Max(kept, 1);
    }

    /// <summary>Keeps the best ones whose probabilities together reach a share; at least one.</summary>
    public void KeepShare(double share)
    {
        double needed = share * Weigh();
        if (!_isSorted)
        {
            SortNucleus(needed);
            Weigh();
        }

        double sum = 0;
        for (int place = 0; place < Count; place++)
        {
            sum += _probabilities[place];
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
                return At(place).Id;
            }
        }

        return Best().Id;
    }

    /// <summary>The largest score; −∞ where none is a number.</summary>
    private float Largest()
    {
        ReadOnlySpan<float> scores = Scores;
        Vector256<float> lanes = Vector256.Create(float.NegativeInfinity);
        int i = 0;
        for (; i <= scores.Length - VectorMath.Width; i += VectorMath.Width)
        {
            Vector256<float> next = VectorMath.Load(scores, i);
            lanes = Vector256.ConditionalSelect(Vector256.GreaterThan(next, lanes), next, lanes);
        }

        float largest = float.NegativeInfinity;
        for (int lane = 0; lane < VectorMath.Width; lane++)
        {
            largest = lanes[lane] > largest ? lanes[lane] : largest;
        }

        for (; i < scores.Length; i++)
        {
            largest = scores[i] > largest ? scores[i] : largest;
        }

        return largest;
    }

    /// <summary>Sets the probabilities, those of the best being 1, and sums them in their order.</summary>
    private double Weigh()
    {
        ReadOnlySpan<float> scores = Scores;
        Span<float> weights = _probabilities.AsSpan(0, Count);
        float largest = Best().Score;
        Vector256<float> shift = Vector256.Create(largest);
        double sum = 0;
        int i = 0;
        for (; i <= weights.Length - VectorMath.Width; i += VectorMath.Width)
        {
            Vector256<float> powers = VectorMath.Exp(VectorMath.Load(scores, i) - shift);
            powers.CopyTo(weights[i..]);
            for (int lane = 0; lane < VectorMath.Width; lane++)
            {
                sum += weights[i + lane];
            }
        }

        for (; i < weights.Length; i++)
        {
            weights[i] = VectorMath.Exp(scores[i] - largest);
            sum += weights[i];
        }

        return sum;
    }

    /// <summary>Sorts so many of the best that they reach the sum; where nobody knows, all.</summary>
    private void SortNucleus(double needed)
    {
        float largest = Largest();
        float depth = FirstDepth;
        while (depth <= LastDepth && !(Mass(largest - depth) * SurelyReached >= needed))
        {
            depth *= 2;
        }

        Span<ulong> keys = _keys.AsSpan(0, depth <= LastDepth ? GatherFrom(largest - depth) : GatherAll());
        CandidateKeys.SortAscendingIds(keys, _spareKeys);
        Keep(keys);
    }

    /// <summary>The probabilities of those with at least this score, added up in another order than theirs.</summary>
    private double Mass(float score)
    {
        Vector256<float> least = Vector256.Create(score);
        Vector256<double> sums = Vector256<double>.Zero;
        int i = 0;
        for (; i <= Count - VectorMath.Width; i += VectorMath.Width)
        {
            Vector256<float> isIn = Vector256.GreaterThanOrEqual(VectorMath.Load(_scores, i), least);
            Vector256<float> masked = isIn & VectorMath.Load(_probabilities, i);
            sums += Vector256.WidenLower(masked) + Vector256.WidenUpper(masked);
        }

        double sum = Vector256.Sum(sums);
        for (; i < Count; i++)
        {
            sum += _scores[i] >= score ? _probabilities[i] : 0;
        }

        return sum;
    }

    private int GatherAll()
    {
        for (int place = 0; place < Count; place++)
        {
            _keys[place] = Key(place);
        }

        return Count;
    }

    private int GatherFrom(float score)
    {
        int held = 0;
        for (int i = 0; i < Count; i += VectorMath.Width)
        {
            for (uint lanes = LanesFrom(i, score); lanes != 0; lanes &= lanes - 1)
            {
                _keys[held++] = Key(i + BitOperations.TrailingZeroCount(lanes));
            }
        }

        return held;
    }

    /// <summary>Gathers the best ones and some more: those better than the worst of the best so far.</summary>
    private int GatherBest(int count)
    {
        int held = 0;
        int most = (2 * count) + SpareKeys;
        float worst = float.NaN;
        for (int i = 0; i < Count; i += VectorMath.Width)
        {
            // Of equals the first one is better. What is not a number is gathered, and sorted out.
            for (uint lanes = LanesNotUpTo(i, worst); lanes != 0; lanes &= lanes - 1)
            {
                _keys[held++] = Key(i + BitOperations.TrailingZeroCount(lanes));
            }

            if (held > most)
            {
                CandidateKeys.SelectBest(_keys.AsSpan(0, held), count);
                held = count;
                worst = CandidateKeys.Score(CandidateKeys.Worst(_keys.AsSpan(0, held)));
            }
        }

        return held;
    }

    private ulong Key(int place) => CandidateKeys.Of(_isCut ? _ids[place] : place, _scores[place]);

    // A bit for each of eight places whose score is large enough.
    private uint LanesFrom(int first, float score)
    {
        int length = Math.Min(VectorMath.Width, Count - first);
        Vector256<float> isIn = Vector256.GreaterThanOrEqual(Eight(first), Vector256.Create(score));
        return isIn.ExtractMostSignificantBits() & ((1u << length) - 1);
    }

    private uint LanesNotUpTo(int first, float score)
    {
        int length = Math.Min(VectorMath.Width, Count - first);
        Vector256<float> isOut = Vector256.LessThanOrEqual(Eight(first), Vector256.Create(score));
        return ~isOut.ExtractMostSignificantBits() & ((1u << length) - 1);
    }

    // The array ends with room for a whole vector.
    private Vector256<float> Eight(int first) => VectorMath.Load(_scores, first);

    private void Keep(ReadOnlySpan<ulong> sorted)
    {
        for (int place = 0; place < sorted.Length; place++)
        {
            _ids[place] = CandidateKeys.Id(sorted[place]);
            _scores[place] = CandidateKeys.Score(sorted[place]);
        }

        _isCut = true;
        _isSorted = true;
        Count = sorted.Length;
    }
}
