using Chaku.Kernels.Ops;
using Chaku.Model.Generation.Samplers;

namespace Chaku.Model.Generation;

/// <summary>
/// Picks a token: the samplers that the options ask for, in the table's order, then the best or a draw.
/// </summary>
internal sealed class SamplerChain
{
    private readonly GenerationOptions _options;
    private readonly Sampler[] _samplers;
    private readonly Candidates _candidates;

    /// <summary>The chain for some options.</summary>
    /// <param name="options">Checked before.</param>
    /// <param name="vocabularySize">Tokens that there are.</param>
    public SamplerChain(GenerationOptions options, int vocabularySize)
    {
        _options = options;
        _samplers = [.. Samplers.Samplers.All.Where(sampler => sampler.IsActive(options))];
        _candidates = new Candidates(vocabularySize);
    }

    /// <summary>The next token.</summary>
    /// <param name="logits">[vocabulary], float32; left as they are.</param>
    /// <param name="history">The tokens before.</param>
    /// <param name="position">The token's place in the sequence: with the seed, all that a draw depends on.</param>
    public int Pick(ReadOnlySpan<float> logits, TokenHistory history, int position)
    {
        _candidates.Reset(logits);
        foreach (Sampler sampler in _samplers)
        {
            sampler.Apply(_candidates, history, _options);
        }

        return _options.IsGreedy
            ? _candidates.Best().Id
            : _candidates.Draw(CounterRandom.Uniform(_options.Seed, (ulong)position, 0));
    }
}
