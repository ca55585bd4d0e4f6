using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Model.Licenses;
using Chaku.Training.Datasets;
using Chaku.Training.Estimation;
using Chaku.Training.Runs;

namespace Chaku.Training;

/// <summary>Whom a tuning run tells what it does; each may be null.</summary>
internal sealed record TuneProgress
{
    /// <summary>Told bytes done and bytes in all while the base's content hash is computed.</summary>
    public Action<long, long>? OnHash { get; init; }

    /// <summary>Told records done and records in all while the data set is turned into tokens.</summary>
    public Action<int, int>? OnRecord { get; init; }

    /// <summary>Asked where nothing states the licence of the data; what it gives is null where nobody knows.</summary>
    public Func<string?>? OnUnknownLicense { get; init; }

    /// <summary>Told before the first step what will be done.</summary>
    public Action<TunePlan>? OnStart { get; init; }

    /// <summary>Told what a run that goes on has behind it, before its next step.</summary>
    public Action<RunState>? OnResume { get; init; }

    /// <summary>Told after each step.</summary>
    public Action<TrainingStep>? OnStep { get; init; }

    /// <summary>
    /// Told the steps done and the mean loss of what is held out: before, after, and some times between.
    /// </summary>
    public Action<long, double>? OnValidation { get; init; }

    /// <summary>Told in one line what went wrong without ending the run.</summary>
    public Action<string>? OnWarning { get; init; }
}

/// <summary>What a tuning run will do.</summary>
/// <param name="Data">The data in the model's tokens, with what was dropped and why.</param>
/// <param name="StepCount">Steps in all.</param>
/// <param name="EpochCount">How often every sequence will be seen.</param>
/// <param name="MatrixCount">Matrices that the adapter changes, or tensors of the model.</param>
/// <param name="ParameterCount">Numbers that are trained.</param>
/// <param name="Template">The chat template; null for plain text.</param>
internal sealed record TunePlan(
    TrainingData Data, long StepCount, double EpochCount, int MatrixCount, long ParameterCount, string? Template)
{
    /// <summary>The base.</summary>
    public required LanguageModel Model { get; init; }

    /// <summary>Where the files of the run lie.</summary>
    public required RunFiles Files { get; init; }

    /// <summary>Whether all weights are trained, and a model written.</summary>
    public bool IsFull { get; init; }

    /// <summary>Where what is written comes from.</summary>
    public AdapterOrigin Origin { get; init; } = new();

    /// <summary>What applies to it, as far as the licences of base and data are known.</summary>
    public ResultLicense License => ResultLicense.Of(Origin.BaseLicense, Origin.DataLicense);

    /// <summary>Tokens of a sequence at most.</summary>
    public int ContextLength { get; init; }

    /// <summary>Steps over which the learning rate climbs.</summary>
    public long WarmupCount { get; init; }

    /// <summary>Steps that an earlier life of the run has done; 0 for one that begins.</summary>
    public long ResumedFrom { get; init; }

    /// <summary>What the run will take.</summary>
    public required TuningEstimate Estimate { get; init; }
}

/// <summary>What a tuning run did, in all its lives.</summary>
/// <param name="Plan">What it was to do.</param>
/// <param name="StepsDone">Steps done: fewer than planned if it was stopped.</param>
/// <param name="FirstLoss">The first step's.</param>
/// <param name="LastLoss">The last step's.</param>
/// <param name="ValidationBefore">
/// Mean loss of what was held out, before the first step; null where nothing was.
/// </param>
/// <param name="ValidationAfter">Of what was written; null where that was not measured.</param>
/// <param name="TokenCount">Tokens that went through the decoder to be learnt from.</param>
/// <param name="ElapsedSeconds">From the first step's beginning to the last one's end, validation included.</param>
internal sealed record TuneReport(
    TunePlan Plan,
    long StepsDone,
    double FirstLoss,
    double LastLoss,
    double? ValidationBefore,
    double? ValidationAfter,
    long TokenCount,
    double ElapsedSeconds)
{
    /// <summary>How much the adapter changes each matrix; null where all weights are trained.</summary>
    public AdapterEffect? Effect { get; init; }

    /// <summary>How it ended.</summary>
    public RunEnd End { get; init; }

    /// <summary>The step behind which the numbers are that were written; 0 where none were.</summary>
    public long KeptStep { get; init; }

    /// <summary>Every measurement of what is held out.</summary>
    public IReadOnlyList<HeldOutLoss> HeldOut { get; init; } = [];

    /// <summary>Time, energy and money.</summary>
    public required RunCost Cost { get; init; }

    /// <summary>The most memory that the process has held.</summary>
    public long PeakMemoryBytes { get; init; }
}
