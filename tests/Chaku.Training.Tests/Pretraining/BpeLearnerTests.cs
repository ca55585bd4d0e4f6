using System.Text;
using Chaku.Training.Pretraining;
using CsCheck;

namespace Chaku.Training.Tests.Pretraining;

/// <summary>What a vocabulary learns to merge.</summary>
public sealed class BpeLearnerTests
{
    /// <summary>
    /// The example of arXiv:1508.07909, section 3.2: low 5, lower 2, newest 6, widest 3. Its merges are e s, es t, l o,
    /// lo w, and one with the paper's sign for a word's end, which words here have not.
    /// </summary>
    [Fact]
    public void The_paper_s_example_gives_the_paper_s_merges()
    {
        List<string> merges = Merges(
            4, ("low", 5), ("lower", 2), ("newest", 6), ("widest", 3));

        Assert.Equal(["e s", "es t", "l o", "lo w"], merges);
    }

    [Fact]
    public void What_was_seen_once_is_not_merged() => Assert.Equal(["a b"], Merges(10, ("ab", 1), ("abc", 1)));

    [Fact]
    public void Overlapping_pairs_are_merged_from_the_left() => Assert.Equal(["a a", "aa aa"], Merges(2, ("aaaa", 4)));

    /// <summary>The same by counting everything anew before each merge.</summary>
    [Fact]
    public void The_merges_are_those_of_counting_everything_anew() => Gen.Select(
            Gen.Char['a', 'd'].Array[1, 8].Select(letters => new string(letters)), Gen.Int[1, 20]).Array[1, 30]
        .Sample(words => Assert.Equal(Slowly(words, 12), Learn(words, 12)), iter: 300);

    private static IReadOnlyList<(int, int)> Learn((string Word, int Count)[] words, int count) => new BpeLearner(
        words.Select(word => KeyValuePair.Create(Encoding.ASCII.GetBytes(word.Word), (long)word.Count))).Learn(count);

    private static List<string> Merges(int count, params (string Word, int Count)[] words)
    {
        Dictionary<int, string> spelled = [];
        List<string> merges = [];
        foreach ((int left, int right) in Learn(words, count))
        {
            spelled[256 + merges.Count] = Spell(left) + Spell(right);
            merges.Add($"{Spell(left)} {Spell(right)}");
        }

        return merges;

        string Spell(int token) => token < 256 ? ((char)token).ToString() : spelled[token];
    }

    private static List<(int Left, int Right)> Slowly((string Word, int Count)[] words, int mergeCount)
    {
        List<int>[] tokens = [.. words.Select(word => word.Word.Select(letter => (int)letter).ToList())];
        List<(int Left, int Right)> merges = [];
        while (merges.Count < mergeCount)
        {
            Dictionary<(int Left, int Right), long> counts = [];
            for (int word = 0; word < words.Length; word++)
            {
                foreach ((int, int) pair in tokens[word].Zip(tokens[word].Skip(1)))
                {
                    counts[pair] = counts.GetValueOrDefault(pair) + words[word].Count;
                }
            }

            (int Left, int Right) best = counts.OrderByDescending(pair => pair.Value)
                .ThenBy(pair => pair.Key).Select(pair => pair.Key).FirstOrDefault();
            if (counts.GetValueOrDefault(best) < 2)
            {
                return merges;
            }

            foreach (List<int> word in tokens)
            {
                for (int place = 0; place + 1 < word.Count; place++)
                {
                    if ((word[place], word[place + 1]) == best)
                    {
                        word[place] = 256 + merges.Count;
                        word.RemoveAt(place + 1);
                    }
                }
            }

            merges.Add(best);
        }

        return merges;
    }
}
