using System.Globalization;

namespace Chaku.Training.Datasets;

/// <summary>What is learnt of a data set, and what is held out to measure the loss on.</summary>
internal sealed record DataUse
{
    /// <summary>Whether everything of a conversation is learnt; else the answers and their ends.</summary>
    public bool LearnsInputs { get; init; }

    /// <summary>The share that is held out, in [0, 1).</summary>
    public double ValidationShare { get; init; }

    /// <summary>
    /// How many sequences are held out; where <see cref="ValidationShare"/> is given too, no more than that.
    /// </summary>
    public int? ValidationCount { get; init; }

    /// <summary>Whether anything is held out.</summary>
    public bool HoldsOut => ValidationShare > 0 || ValidationCount > 0;

    /// <summary>What is held out, for people.</summary>
    public string HeldOut => (ValidationCount, ValidationShare) switch
    {
        ({ } count, > 0) => string.Create(
            CultureInfo.InvariantCulture, $"{count} sequences, but no more than {ValidationShare}"),
        ({ } count, _) => string.Create(CultureInfo.InvariantCulture, $"{count} sequences"),
        _ => ValidationShare.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>These, once they are known to make sense.</summary>
    /// <exception cref="DatasetException">They do not.</exception>
    public DataUse Checked()
    {
        if (ValidationShare is not (>= 0 and < 1))
        {
            throw new DatasetException($"the share to hold out is at least 0 and less than 1, not {ValidationShare}");
        }

        return ValidationCount is null or > 0
            ? this
            : throw new DatasetException($"the sequences to hold out are at least 1, not {ValidationCount}");
    }

    /// <summary>How many of so many are held out.</summary>
    /// <param name="count">How many there are.</param>
    /// <param name="unit">How many make a sequence.</param>
    public int Of(int count, int unit = 1)
    {
        long most = ValidationCount is { } number ? Math.Min((long)number * unit, count) : count;
        return ValidationShare > 0 || ValidationCount is null
            ? (int)Math.Min(most, Math.Round(count * ValidationShare, MidpointRounding.AwayFromZero))
            : (int)most;
    }
}
