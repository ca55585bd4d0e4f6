using System.CommandLine;
using System.Globalization;
using Chaku.Model.Generation;

namespace Chaku.Cli.Options;

/// <summary>How tokens are picked and when to stop: what every command that generates takes.</summary>
internal sealed class SamplingArguments
{
    private const int DefaultMaxTokens = 512;
    private const float DefaultTemperature = 0.8f;
    private const float DefaultTopP = 0.95f;

    private readonly Option<int?> _maxTokens =
        NumberOption.Whole("--max-tokens", $"Tokens of an answer at most; {DefaultMaxTokens} by default.", 1);

    private readonly Option<double?> _temperature = NumberOption.Fraction(
        "--temperature", "How much chance there is: 0 always takes the likeliest token; 0.8 by default.");

    private readonly Option<int?> _topK =
        NumberOption.Whole("--top-k", "Takes one of this many likeliest tokens; 0, the default, of all.");

    private readonly Option<double?> _topP = NumberOption.Fraction(
        "--top-p", "Takes one of the likeliest tokens that together have this probability; 0.95 by default.");

    private readonly Option<double?> _minP = NumberOption.Fraction(
        "--min-p", "Takes no token with less than this share of the likeliest one's probability; 0 by default.");

    private readonly Option<double?> _repetition = NumberOption.Fraction(
        "--repetition-penalty", "Above 1 makes tokens of prompt and answer less likely; 1 by default.");

    private readonly Option<double?> _frequency = NumberOption.Fraction(
        "--frequency-penalty", "Makes a token less likely each time that it is in the answer; 0 by default.");

    private readonly Option<double?> _presence = NumberOption.Fraction(
        "--presence-penalty", "Makes a token less likely once it is in the answer; 0 by default.");

    private readonly Option<string[]> _logitBias = new("--logit-bias")
    {
        Description = "Added to a token's logit, -inf forbids it; can be given again.",
        HelpName = "ID=BIAS",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<ulong?> _seed =
        NumberOption.Seed("The same seed gives the same answer; another one each time by default.");

    private readonly Option<string[]> _stops = new("--stop")
    {
        Description = "A text that ends an answer and is no part of it; can be given again.",
        HelpName = "TEXT",
        DefaultValueFactory = _ => [],
    };

    /// <summary>Adds the options to a command.</summary>
    public SamplingArguments(Command command)
    {
        Option[] options =
        [
            _maxTokens, _temperature, _topK, _topP, _minP, _repetition, _frequency, _presence, _logitBias, _seed,
            _stops,
        ];
        foreach (Option option in options)
        {
            command.Add(option);
        }
    }

    /// <summary>The options for the library; a seed is drawn where the command line has none.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="stopIds">Tokens that end an answer.</param>
    /// <param name="logProbabilities">How many likely tokens are wanted beside each token; null for none.</param>
    /// <exception cref="UsageException">A value is out of its range.</exception>
    public GenerationOptions Read(ParseResult arguments, int[] stopIds, int? logProbabilities = null)
    {
        GenerationOptions options = new()
        {
            MaxTokens = arguments.GetValue(_maxTokens) ?? DefaultMaxTokens,
            Temperature = (float?)arguments.GetValue(_temperature) ?? DefaultTemperature,
            TopK = arguments.GetValue(_topK) ?? 0,
            TopP = (float?)arguments.GetValue(_topP) ?? DefaultTopP,
            MinP = (float?)arguments.GetValue(_minP) ?? 0,
            RepetitionPenalty = (float?)arguments.GetValue(_repetition) ?? 1,
            FrequencyPenalty = (float?)arguments.GetValue(_frequency) ?? 0,
            PresencePenalty = (float?)arguments.GetValue(_presence) ?? 0,
            LogitBias = ReadBiases(arguments.GetValue(_logitBias) ?? []),
            Seed = arguments.GetValue(_seed) ?? (ulong)Random.Shared.Next(),
            StopStrings = arguments.GetValue(_stops) ?? [],
            StopIds = stopIds,
            LogProbabilities = logProbabilities,
        };
        try
        {
            // Ids can be held against the vocabulary only once there is one.
            options.Validate(int.MaxValue);
        }
        catch (ArgumentException exception)
        {
            throw new UsageException(exception.Message);
        }

        return options;
    }

    private static Dictionary<int, float> ReadBiases(string[] texts)
    {
        Dictionary<int, float> biases = [];
        foreach (string text in texts)
        {
            string[] parts = text.Split('=');
            if (parts.Length != 2
                || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                || ReadBias(parts[1]) is not { } bias)
            {
                throw new UsageException($"--logit-bias takes ID=BIAS, not '{text}'");
            }

            biases[id] = bias;
        }

        return biases;
    }

    private static float? ReadBias(string text) =>
        text == "-inf" ? float.NegativeInfinity
        : float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float bias) ? bias
        : null;
}
