namespace Chaku.Model.Generation;

/// <summary>How tokens are picked, and when to stop. The defaults draw from the model's own distribution.</summary>
public sealed record GenerationOptions
{
    /// <summary>The most alternatives that can be asked for with each token.</summary>
    public const int MostLogProbabilities = 100;

    // To be gone through without an allocation.
    private readonly KeyValuePair<int, float>[] _biases = [];

    /// <summary>Tokens at most; null goes on until the context is full.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>
    /// What logits are divided by; 0 always picks the most likely token, of two the one with the lower id.
    /// </summary>
    public float Temperature { get; init; } = 1;

    /// <summary>Draws from this many of the most likely tokens; 0 from all.</summary>
    public int TopK { get; init; }

    /// <summary>Draws from the most likely tokens that together have this probability; 1 from all.</summary>
    public float TopP { get; init; } = 1;

    /// <summary>
    /// Draws from tokens that have at least this share of the likeliest one's probability; 0 from all.
    /// </summary>
    public float MinP { get; init; }

    /// <summary>
    /// What the logit of a token in the prompt or the answer is divided by where it is positive and multiplied with
    /// where it is negative; 1 changes nothing.
    /// </summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Taken from a token's logit for each time that it is in the answer.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Taken from a token's logit where it is in the answer at all.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Added to the logits of these tokens; negative infinity forbids one.</summary>
    public IReadOnlyDictionary<int, float> LogitBias
    {
        get;
        init
        {
            field = value;
            _biases = [.. value];
        }
    } = new Dictionary<int, float>();

    /// <summary>The same seed gives the same answer.</summary>
    public ulong Seed { get; init; }

    /// <summary>Texts that end the answer and are no part of it.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Tokens that end the answer, besides those that the model's vocabulary names.</summary>
    public IReadOnlyList<int> StopIds { get; init; } = [];

    /// <summary>
    /// Gives each token's log-probability, and this many of the likeliest tokens beside it; null gives none. They are
    /// of the model's own distribution, before anything here changes it.
    /// </summary>
    public int? LogProbabilities { get; init; }

    internal bool IsGreedy => Temperature == 0;

    internal ReadOnlySpan<KeyValuePair<int, float>> Biases => _biases;

    /// <summary>Refuses values that cannot be.</summary>
    /// <param name="vocabularySize">Token ids are below it.</param>
    /// <exception cref="ArgumentException">One is out of its range; the message has both.</exception>
    internal void Validate(int vocabularySize)
    {
        Require(MaxTokens is null or >= 1, "maximal number of tokens", MaxTokens, "at least 1");
        Require(float.IsFinite(Temperature) && Temperature >= 0, "temperature", Temperature, "0 or more");
        Require(TopK >= 0, "top-k", TopK, "0 or more");
        Require(TopP is > 0 and <= 1, "top-p", TopP, "above 0 and at most 1");
        Require(MinP is >= 0 and <= 1, "min-p", MinP, "from 0 to 1");
        Require(
            float.IsFinite(RepetitionPenalty) && RepetitionPenalty > 0,
            "repetition penalty",
            RepetitionPenalty,
            "above 0");
        Require(float.IsFinite(FrequencyPenalty), "frequency penalty", FrequencyPenalty, "a finite number");
        Require(float.IsFinite(PresencePenalty), "presence penalty", PresencePenalty, "a finite number");
        Require(
            LogProbabilities is null or (>= 0 and <= MostLogProbabilities),
            "number of log-probabilities",
            LogProbabilities,
            $"from 0 to {MostLogProbabilities}");
        Require(StopStrings.All(text => text.Length > 0), "stop string", "empty", "at least one character");
        foreach (int id in StopIds.Concat(LogitBias.Keys))
        {
            Require(id >= 0 && id < vocabularySize, "token", id, $"from 0 to {vocabularySize - 1}");
        }

        foreach ((int id, float bias) in LogitBias)
        {
            Require(bias < float.PositiveInfinity, $"logit bias of token {id}", bias, "a number or negative infinity");
        }
    }

    private static void Require(bool holds, string name, object? value, string expected)
    {
        if (!holds)
        {
            throw new ArgumentException(
                FormattableString.Invariant($"expected the {name} to be {expected}, got {value}"));
        }
    }
}
