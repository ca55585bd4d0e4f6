using System.Text.Json;
using Chaku.Model.Files;

namespace Chaku.Training.Runs;

/// <summary>
/// Listens to a run, and makes a record of it; while it goes on it keeps the picture of its losses up to date.
/// </summary>
/// <param name="options">What was asked for.</param>
/// <param name="dataPath">The data set.</param>
/// <param name="written">The adapter's folder, or the model's file.</param>
internal sealed class RunRecorder(TuneOptions options, string dataPath, string written)
{
    private readonly LossHistory _history = new();
    private readonly List<HeldOutLoss> _heldOut = [];
    private TunePlan? _plan;

    /// <summary>Who is told, and this as well.</summary>
    public TuneProgress Join(TuneProgress progress) => progress with
    {
        OnStart = plan =>
        {
            _plan = plan;
            progress.OnStart?.Invoke(plan);
        },
        OnResume = state =>
        {
            ReadLog(state);
            progress.OnResume?.Invoke(state);
        },
        OnStep = step =>
        {
            _history.Add(step.Number, step.Loss);
            progress.OnStep?.Invoke(step);
        },
        OnValidation = (step, loss) =>
        {
            _heldOut.Add(new HeldOutLoss(step, loss));
            Draw(progress);
            progress.OnValidation?.Invoke(step, loss);
        },
    };

    /// <summary>The record of a run that has ended.</summary>
    public RunRecord Finish(TuneReport report, DateTimeOffset date) =>
        new(report, options, dataPath, written, _history, date);

    // Only beside a checkpoint, which says that what lies there is of a run under way.
    private void Draw(TuneProgress progress)
    {
        if (_plan is not { } plan || _history.Points.Count == 0 || !File.Exists(plan.Files.Checkpoint))
        {
            return;
        }

        try
        {
            string title = $"{Path.GetFileName(plan.Model.Path)} on {Path.GetFileName(dataPath)}";
            AtomicFile.WriteText(plan.Files.Curve, LossCurve.Draw(title, _history, _heldOut));
        }
        catch (IOException exception)
        {
            progress.OnWarning?.Invoke($"{exception.Message}; the run goes on");
        }
    }

    // A run's earlier lives left their losses in its log; what cannot be read there is not drawn.
    private void ReadLog(RunState state)
    {
        _heldOut.AddRange(state.HeldOut);
        if (!File.Exists(_plan!.Files.Log))
        {
            return;
        }

        foreach (string line in File.ReadLines(_plan.Files.Log))
        {
            try
            {
                using JsonDocument document = JsonDocument.Parse(line);
                if (document.RootElement.TryGetProperty("loss", out JsonElement loss)
                    && document.RootElement.GetProperty("step").GetInt64() is var step && step <= state.StepsDone)
                {
                    _history.Add(step, loss.GetDouble());
                }
            }
            catch (Exception exception) when (exception
                is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
            {
                // A line that a kill cut off; the run itself reports what its log lacks.
                continue;
            }
        }
    }
}
