using System.Diagnostics;
using System.Globalization;
using Chaku.Training;
using Chaku.Training.Datasets;

namespace Chaku.Cli.Reports;

/// <summary>What a person sees while a model learns, on standard error: a bar on a terminal, lines elsewhere.</summary>
internal sealed class TuneView : IDisposable
{
    private const int DroppedShown = 5;
    private const int LineCount = 20;

    private readonly Terminal _terminal;
    private readonly ProgressReport _reading;
    private readonly ProgressReport _steps;
    private long _start;
    private long _tokenCount;
    private long _stepCount;
    private string _validation = "";

    /// <summary>A view on a terminal.</summary>
    public TuneView(Terminal terminal)
    {
        _terminal = terminal;
        _reading = terminal.Progress("reading");
        _steps = terminal.Progress("learning");
        Progress = new TuneProgress
        {
            OnHash = _reading.Report,
            OnRecord = (done, all) => _reading.Report(done, all),
            OnStart = ShowPlan,
            OnStep = ShowStep,
            OnValidation = ShowValidation,
        };
    }

    /// <summary>Tells this view.</summary>
    public TuneProgress Progress { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        _reading.Dispose();
        _steps.Dispose();
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private void ShowPlan(TunePlan plan)
    {
        _reading.Dispose();
        _stepCount = plan.StepCount;
        _start = Stopwatch.GetTimestamp();
        TrainingData data = plan.Data;
        Line($"data      {data.RecordCount} records, {data.Training.Sequences.Count} sequences, {data.Training.TokenCount} tokens, {data.Training.TrainedTokenCount} of them learnt");
        if (data.Validation.Sequences.Count > 0)
        {
            Line($"held out  {data.Validation.Sequences.Count} sequences, {data.Validation.TrainedTokenCount} tokens");
        }

        foreach (DroppedRecord dropped in data.Dropped.Take(DroppedShown))
        {
            Line($"dropped   {dropped.Place}: {dropped.Reason}");
        }

        if (data.Dropped.Count > DroppedShown)
        {
            Line($"dropped   and {data.Dropped.Count - DroppedShown} more");
        }

        Line($"adapter   {plan.MatrixCount} matrices, {plan.ParameterCount} numbers{(plan.Template is { } name ? $", template {name}" : "")}");
        Line($"plan      {plan.StepCount} steps, {plan.EpochCount:0.##} epochs");
    }

    private void ShowStep(TrainingStep step)
    {
        _tokenCount += step.TokenCount;
        _steps.Report(step.Number, _stepCount, Text($"loss {step.Loss:0.000}{_validation}, {Speed:0} tokens/s"));
        bool isDue = step.Number * LineCount / _stepCount > (step.Number - 1) * LineCount / _stepCount;
        if (!_terminal.IsErrorTerminal && (isDue || step.Number == 1))
        {
            Line($"step {step.Number}/{_stepCount}  loss {step.Loss:0.0000}  norm {step.GradientNorm:0.000}  lr {step.LearningRate:0.0e+0}  {Speed:0} tokens/s");
        }
    }

    private double Speed => _tokenCount / Math.Max(Stopwatch.GetElapsedTime(_start).TotalSeconds, 1e-3);

    private void ShowValidation(long step, double loss)
    {
        _validation = Text($", held out {loss:0.000}");
        if (!_terminal.IsErrorTerminal)
        {
            Line($"held out after {step} steps: loss {loss:0.0000}, perplexity {Math.Exp(loss):0.00}");
        }
    }

    private void Line(FormattableString text) => _terminal.Error.WriteLine(Terminal.OneLine(Text(text)));
}
