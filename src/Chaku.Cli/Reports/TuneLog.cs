using System.Runtime.CompilerServices;
using Chaku.Cli.Options;
using Chaku.Training;
using Chaku.Training.Datasets;
using Chaku.Training.Runs;
using Spectre.Console;

namespace Chaku.Cli.Reports;

/// <summary>
/// Says on standard error how a tuning run goes: a live view for a person, a line for each tenth for a log.
/// </summary>
internal sealed class TuneLog : IDisposable
{
    private const int LineCount = 10;
    private const int MostNamed = 20;

    private readonly Terminal _terminal;
    private readonly TuneOptions _options;
    private ProgressReport? _bar;
    private TunePlan? _plan;
    private TuneState? _state;
    private TuneView? _view;
    private double? _heldOutLoss;

    /// <summary>A log of a run that has not begun.</summary>
    /// <param name="terminal">Where to say it.</param>
    /// <param name="options">What was asked for.</param>
    public TuneLog(Terminal terminal, TuneOptions options)
    {
        _terminal = terminal;
        _options = options;
        _bar = terminal.Progress("reading the data");
        Progress = new TuneProgress
        {
            OnHash = (done, all) => _bar?.Report(done, all, "reading the model to know it again"),
            OnRecord = (done, all) => _bar?.Report(done, all, "reading the data"),
            OnUnknownLicense = AskLicense,
            OnStart = Begin,
            OnResume = Resume,
            OnStep = Step,
            OnValidation = Measured,
            OnWarning = Warn,
        };
    }

    /// <summary>What the run tells.</summary>
    public TuneProgress Progress { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        _bar?.Dispose();
        _view?.Dispose();
        _view = null;
    }

    private string? AskLicense()
    {
        _bar?.Dispose();
        string? said = DataLicenseOption.Ask(_terminal);
        _bar = _terminal.Progress("reading the model to know it again");
        return said;
    }

    private static string Format(DefaultInterpolatedStringHandler text) => text.ToStringAndClear();

    private void Begin(TunePlan plan)
    {
        _plan = plan;
        _bar?.Dispose();
        _bar = null;
        SayPlan(plan);
        SayData(plan.Data);
        IAnsiConsole console = _terminal.ErrorConsole();
        if (_terminal.IsErrorTerminal && console.Profile.Capabilities.Ansi)
        {
            _state = new TuneState(plan);
            _view = new TuneView(console, _state, _terminal.Cancellation);
        }
    }

    private void SayPlan(TunePlan plan)
    {
        TrainingData data = plan.Data;
        _terminal.Error.WriteLine(Format(
            $"learning {data.Training.TrainedTokenCount} of {data.Training.TokenCount} tokens in " +
            $"{data.Training.Sequences.Count} sequences, {plan.StepCount} steps, {plan.EpochCount:0.##} epochs; " +
            $"{plan.ParameterCount} parameters in {plan.MatrixCount} matrices"));
        if (data.Validation.Sequences.Count > 0)
        {
            _terminal.Error.WriteLine(Format(
                $"holding out {data.Validation.TrainedTokenCount} tokens " +
                $"in {data.Validation.Sequences.Count} sequences"));
        }

        if (plan.Template is null && _options.RecipeTemplate is { } template)
        {
            _terminal.Warn($"plain text: the recipe's template {template} is not used");
        }

        if (plan.ResumedFrom > 0)
        {
            _terminal.Error.WriteLine(Format($"going on behind step {plan.ResumedFrom} of {plan.StepCount}"));
        }

        _terminal.Error.WriteLine(EstimateReport.Line(plan.Estimate));
    }

    private void SayData(TrainingData data)
    {
        foreach (RecordGroup changed in data.Changed)
        {
            _terminal.Warn(Format(
                $"{changed.Places.Count} records are changed ({changed.Places[0]} first): {changed.Kind}"));
        }

        foreach (DroppedRecord dropped in data.Dropped.Take(MostNamed))
        {
            _terminal.Warn($"{dropped.Place} is not learnt from: {dropped.Reason}");
        }

        if (data.Dropped.Count > MostNamed)
        {
            _terminal.Warn(Format(
                $"{data.Dropped.Count - MostNamed} more of {data.RecordCount} records are not learnt from; " +
                $"--json names all"));
        }
    }

    private void Resume(RunState state)
    {
        _heldOutLoss = state.HeldOut is [.., var last] ? last.Loss : null;
        _state?.Resume(state);
    }

    private void Step(TrainingStep step)
    {
        _state?.Add(step);
        long all = _plan!.StepCount;
        if (_view is null && step.Number * LineCount / all > (step.Number - 1) * LineCount / all)
        {
            string heldOut = _heldOutLoss is { } loss ? Format($", held out {loss:0.0000}") : "";
            _terminal.Error.WriteLine(Format($"step {step.Number} of {all}: loss {step.Loss:0.0000}{heldOut}"));
        }
    }

    private void Measured(long step, double loss)
    {
        _heldOutLoss = loss;
        _state?.Add(new HeldOutLoss(step, loss));
    }

    private void Warn(string notice)
    {
        if (_view is { } view)
        {
            view.Say($"chaku: warning: {Terminal.OneLine(notice)}");
        }
        else
        {
            _terminal.Warn(notice);
        }
    }
}
