namespace Chaku.RandomModel;

/// <summary>The sizes of a model of the Llama family.</summary>
/// <param name="Hidden">Floats in the residual stream; a multiple of 256.</param>
/// <param name="Layers">Layers.</param>
/// <param name="Heads">Heads of queries.</param>
/// <param name="KvHeads">Heads of keys and values.</param>
/// <param name="Inner">Floats of gate and up; a multiple of 256.</param>
/// <param name="Vocabulary">Tokens.</param>
/// <param name="Context">Positions that the file says it was made for.</param>
internal sealed record RandomShape(
    int Hidden, int Layers, int Heads, int KvHeads, int Inner, int Vocabulary, int Context)
{
    /// <summary>The name of the shape that is written when none is asked for.</summary>
    public const string Usual = "tinyllama";

    /// <summary>
    /// Shapes by their names. The last three are those of TinyLlama 1.1B, Llama 3.2 3B (with a smaller vocabulary) and
    /// Llama 2 7B, from their published <c>config.json</c>.
    /// </summary>
    public static readonly IReadOnlyDictionary<string, RandomShape> All = new Dictionary<string, RandomShape>
    {
        ["15M"] = new(256, 8, 8, 8, 768, 16384, 2048),
        ["110M"] = new(768, 12, 12, 12, 2048, 16384, 2048),
        [Usual] = new(2048, 22, 32, 4, 5632, 32000, 2048),
        ["3B"] = new(3072, 28, 24, 8, 8192, 32000, 8192),
        ["7B"] = new(4096, 32, 32, 32, 11008, 32000, 4096),
    };

    /// <summary>Floats of all keys of a token.</summary>
    public int KvWidth => Hidden / Heads * KvHeads;

    /// <summary>Weights in all matrices.</summary>
    public long WeightCount =>
        (2L * Vocabulary * Hidden)
        + (Layers * (((2L * Hidden) + (2 * KvWidth)) * Hidden + (3L * Hidden * Inner)));

    /// <summary>The shape of a name.</summary>
    /// <exception cref="ArgumentException">There is none; the message has all names.</exception>
    public static RandomShape Of(string name) => All.TryGetValue(name, out RandomShape? shape)
        ? shape
        : throw new ArgumentException($"the shape is one of {string.Join(", ", All.Keys)}, not '{name}'");

    /// <summary>Says what of the shape cannot be.</summary>
    /// <exception cref="ArgumentException">A size cannot be.</exception>
    public void Check()
    {
        Require(Layers > 0 && Heads > 0 && KvHeads > 0 && Context > 0, "layers, heads and context are 1 or more");
        Require(Hidden > 0 && Inner > 0, "hidden and inner are 1 or more");
        Require(Hidden % 256 == 0 && Inner % 256 == 0, "hidden and inner are multiples of 256");
        Require(Heads % KvHeads == 0, "heads are a multiple of KV heads");
        Require(Hidden % (2 * Heads) == 0, "hidden is an even multiple of heads");
        Require(
            Vocabulary >= RandomVocabulary.Least && Vocabulary <= RandomVocabulary.Most,
            $"the vocabulary is from {RandomVocabulary.Least} to {RandomVocabulary.Most}");
    }

    private static void Require(bool isMet, string rule)
    {
        if (!isMet)
        {
            throw new ArgumentException(rule);
        }
    }
}
