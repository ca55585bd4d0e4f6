namespace Chaku.Training.Pretraining;

/// <summary>Learns which pairs of tokens a vocabulary merges: byte-pair encoding's training.</summary>
/// <remarks>
/// The pair that stands in the words most often becomes a token, again and again; of pairs that are equally frequent,
/// the one whose tokens are older. Source: arXiv:1508.07909.
/// </remarks>
internal sealed class BpeLearner
{
    private readonly List<int[]> _words = [];
    private readonly List<long> _counts = [];
    private readonly Dictionary<(int Left, int Right), long> _pairCounts = [];
    private readonly Dictionary<(int Left, int Right), HashSet<int>> _wordsOfPair = [];

    // The most frequent pair first; an entry whose count is out of date is put back with the right one.
    private readonly PriorityQueue<(int Left, int Right), (long NegativeCount, int Left, int Right)> _queue = new();

    /// <summary>Words before the first merge: each byte is the token of its value.</summary>
    /// <param name="words">Words with how often they were seen. Nothing is merged across a word's end.</param>
    public BpeLearner(IEnumerable<KeyValuePair<byte[], long>> words)
    {
        foreach ((byte[] word, long count) in words)
        {
            _words.Add([.. word.Select(value => (int)value)]);
            _counts.Add(count);
            Count(_words.Count - 1, count);
        }

        foreach ((int left, int right) in _pairCounts.Keys)
        {
            Enqueue((left, right));
        }
    }

    /// <summary>Learns merges; the first one makes token 256.</summary>
    /// <param name="mergeCount">How many at most: no pair is merged that was seen only once.</param>
    public IReadOnlyList<(int Left, int Right)> Learn(int mergeCount)
    {
        List<(int Left, int Right)> merges = [];
        while (merges.Count < mergeCount && TryDequeue(out (int Left, int Right) pair))
        {
            Merge(pair, byte.MaxValue + 1 + merges.Count);
            merges.Add(pair);
        }

        return merges;
    }

    private bool TryDequeue(out (int Left, int Right) pair)
    {
        while (_queue.TryDequeue(out pair, out (long NegativeCount, int, int) key))
        {
            long count = _pairCounts.GetValueOrDefault(pair);
            if (count == -key.NegativeCount)
            {
                return count > 1;
            }

            if (count > 0)
            {
                Enqueue(pair);
            }
        }

        return false;
    }

    private void Merge((int Left, int Right) pair, int token)
    {
        HashSet<(int Left, int Right)> changed = [];
        foreach (int number in _wordsOfPair[pair].Order().ToArray())
        {
            Forget(number, changed);
            int[] old = _words[number];
            List<int> merged = [];
            for (int place = 0; place < old.Length; place++)
            {
                bool isPair = place + 1 < old.Length && (old[place], old[place + 1]) == pair;
                merged.Add(isPair ? token : old[place]);
                place += isPair ? 1 : 0;
            }

            _words[number] = [.. merged];
            Count(number, _counts[number], changed);
        }

        foreach ((int left, int right) in changed)
        {
            if (_pairCounts[(left, right)] > 0)
            {
                Enqueue((left, right));
            }
        }
    }

    private void Count(int number, long count, HashSet<(int Left, int Right)>? changed = null)
    {
        int[] word = _words[number];
        for (int place = 0; place + 1 < word.Length; place++)
        {
            (int Left, int Right) pair = (word[place], word[place + 1]);
            _pairCounts[pair] = checked(_pairCounts.GetValueOrDefault(pair) + count);
            changed?.Add(pair);
            if (!_wordsOfPair.TryGetValue(pair, out HashSet<int>? words))
            {
                _wordsOfPair[pair] = words = [];
            }

            words.Add(number);
        }
    }

    private void Forget(int number, HashSet<(int Left, int Right)> changed)
    {
        int[] word = _words[number];
        for (int place = 0; place + 1 < word.Length; place++)
        {
            (int Left, int Right) pair = (word[place], word[place + 1]);
            _pairCounts[pair] -= _counts[number];
            _wordsOfPair[pair].Remove(number);
            changed.Add(pair);
        }
    }

    private void Enqueue((int Left, int Right) pair) =>
        _queue.Enqueue(pair, (-_pairCounts[pair], pair.Left, pair.Right));
}
