namespace Chaku.SideBySide.Measuring;

/// <summary>Who takes part in a measurement: an engine with its workload, or a limit of the machine.</summary>
/// <param name="Label">As tables have it.</param>
/// <param name="Measure">One figure of one round.</param>
internal sealed record Contestant(string Label, Func<double> Measure);

/// <summary>What is measured in rounds: every round asks each contestant once, one after the other.</summary>
/// <param name="Name">As the command line spells it.</param>
/// <param name="Title">What it is, for people.</param>
/// <param name="Unit">Of the figures.</param>
/// <param name="Contestants">In the order of a round.</param>
internal sealed record Measurement(string Name, string Title, string Unit, IReadOnlyList<Contestant> Contestants)
{
    /// <summary>The label that the ratio is over; the last contestant's figure is what is divided.</summary>
    public string? Over { get; init; }

    /// <summary>Whether every contestant is asked once before the rounds, and that figure forgotten.</summary>
    public bool WarmsUp { get; init; } = true;

    /// <summary>Rounds at most, where more would show nothing new; null for as many as are asked for.</summary>
    public int? MostRounds { get; init; }

    /// <summary>Runs the rounds.</summary>
    /// <param name="setup">What is measured on.</param>
    /// <param name="rounds">How many.</param>
    /// <param name="say">Told what was found so far.</param>
    public Result Run(Setup setup, int rounds, Action<string> say)
    {
        double[][] samples = [.. Contestants.Select(_ => new double[Math.Min(rounds, MostRounds ?? rounds)])];
        for (int round = WarmsUp ? -1 : 0; round < samples[0].Length; round++)
        {
            for (int i = 0; i < samples.Length; i++)
            {
                double figure = Contestants[i].Measure();
                if (round >= 0)
                {
                    samples[i][round] = figure;
                }
            }
        }

        Figures[] figures = [.. Contestants.Select((contestant, i) => new Figures(contestant.Label, samples[i]))];
        Result result = new(Name, Title, Unit, setup, figures) { Over = Over };
        say($"{setup}: {result}");
        return result;
    }
}
