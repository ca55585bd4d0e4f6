using Chaku.Kernels.Ops;

namespace Chaku.SideBySide.Engines;

/// <summary>Forward passes that are timed, the same for every engine.</summary>
/// <param name="SequenceCount">Sequences that go through the model together.</param>
/// <param name="HeldLength">
/// Tokens of each that are in the cache before the clock starts; whole pages of 64, so that they are computed once.
/// </param>
/// <param name="TokensPerStep">Tokens of each sequence in a pass: one when decoding, a whole prompt in prefill.</param>
/// <param name="StepCount">Passes.</param>
internal sealed record Workload(int SequenceCount, int HeldLength, int TokensPerStep, int StepCount)
{
    // The marks and single bytes of a vocabulary are left out.
    private const int FirstToken = 300;

    /// <summary>A prompt.</summary>
    public static Workload Prefill(int tokens) => new(1, 0, tokens, 1);

    /// <summary>One token after the other, of one sequence or of several together.</summary>
    public static Workload Decode(int steps, int sequences = 1, int held = 0) => new(sequences, held, 1, steps);

    /// <summary>Tokens that are timed, of all sequences.</summary>
    public long TimedTokens => (long)SequenceCount * TokensPerStep * StepCount;

    /// <summary>Positions of a sequence in the end.</summary>
    public int Length => HeldLength + (TokensPerStep * StepCount);

    /// <summary>
    /// The tokens of each sequence: a function of sequence and position alone, so that a longer workload begins like a
    /// shorter one.
    /// </summary>
    public int[][] Tokens(int vocabularySize)
    {
        ulong span = (ulong)(vocabularySize - FirstToken);
        int[][] tokens = new int[SequenceCount][];
        for (int sequence = 0; sequence < SequenceCount; sequence++)
        {
            tokens[sequence] = new int[Length];
            for (int position = 0; position < Length; position++)
            {
                ulong number = CounterRandom.Mix((ulong)sequence, (ulong)position, 0);
                tokens[sequence][position] = FirstToken + (int)(number % span);
            }
        }

        return tokens;
    }
}
