using System.Buffers;
using System.Text;
using System.Text.Json;
using Chaku.Model.Files;

namespace Chaku.Training.Runs;

/// <summary>
/// A run's log: a line of JSON for its plan, for each step and for each measurement, each once over all its lives.
/// Nothing is written before the first step is done, and a disk that takes nothing does not end the run.
/// </summary>
/// <remarks>The lines are described in docs/formats/run-folder.md.</remarks>
internal sealed class RunLog : IDisposable
{
    private readonly string _path;
    private readonly Action<string> _warn;
    private readonly ArrayBufferWriter<byte> _pending = new();
    private FileStream? _file;
    private long _lastStep;
    private long _stepCount;
    private bool _isOver;

    private RunLog(string path, Action<string> warn)
    {
        _path = path;
        _warn = warn;
    }

    /// <summary>A log that begins, in place of one that is there.</summary>
    /// <param name="path">The file; its folder is made where it is missing.</param>
    /// <param name="plan">What will be done.</param>
    /// <param name="warn">Told what goes wrong.</param>
    public static RunLog Begin(string path, TunePlan plan, Action<string> warn)
    {
        RunLog log = new(path, warn);
        log.AddPlan(plan);
        return log;
    }

    /// <summary>A log that goes on behind a checkpoint: lines of what will be done again are taken out.</summary>
    /// <param name="path">The file.</param>
    /// <param name="plan">What will be done.</param>
    /// <param name="state">How far the checkpoint is.</param>
    /// <param name="warn">Told what goes wrong.</param>
    public static RunLog Continue(string path, TunePlan plan, RunState state, Action<string> warn)
    {
        RunLog log = new(path, warn);
        log.AddPlan(plan);
        log.Try(() => log.KeepLines(state));
        log.Flush();
        return log;
    }

    /// <summary>Adds a step.</summary>
    /// <param name="step">The step.</param>
    /// <param name="elapsedSeconds">Since the run's beginning, without the time between its lives.</param>
    public void Add(TrainingStep step, double elapsedSeconds)
    {
        AddLine(json =>
        {
            json.WriteNumber("step", step.Number);
            json.WriteNumber("loss", step.Loss);
            json.WriteNumber("gradient_norm", step.GradientNorm);
            json.WriteNumber("learning_rate", step.LearningRate);
            json.WriteNumber("tokens", step.TokenCount);
            json.WriteNumber("trained_tokens", step.TrainedCount);
            json.WriteNumber("seconds", Math.Round(elapsedSeconds, 3));
        });
        Flush();
    }

    /// <summary>Adds a measurement of what is held out.</summary>
    public void Add(HeldOutLoss measured)
    {
        AddLine(json =>
        {
            json.WriteNumber("step", measured.Step);
            json.WriteNumber("held_out_loss", measured.Loss);
        });
        if (measured.Step > 0)
        {
            Flush();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    private void AddPlan(TunePlan plan) => AddLine(json =>
    {
        json.WriteNumber("step_count", plan.StepCount);
        json.WriteNumber("epoch_count", plan.EpochCount);
        json.WriteNumber("parameter_count", plan.ParameterCount);
        json.WriteNumber("matrix_count", plan.MatrixCount);
        json.WriteNumber("sequence_count", plan.Data.Training.Sequences.Count);
        json.WriteNumber("held_out_sequence_count", plan.Data.Validation.Sequences.Count);
        json.WriteString("template", plan.Template);
        json.WriteBoolean("full", plan.IsFull);
    });

    private void AddLine(Action<Utf8JsonWriter> writeFields)
    {
        using (Utf8JsonWriter json = new(_pending))
        {
            json.WriteStartObject();
            writeFields(json);
            json.WriteEndObject();
        }

        _pending.Write("\n"u8);
    }

    private void Flush() => Try(() =>
    {
        if (_file is null)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
            _file = Open(FileMode.Create);
        }

        _file.Write(_pending.WrittenSpan);
        _pending.ResetWrittenCount();
    });

    // Without a buffer of its own: a line is in the file when the write returns.
    private FileStream Open(FileMode mode) =>
        new(_path, mode, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    private void Try(Action write)
    {
        if (_isOver)
        {
            return;
        }

        try
        {
            write();
        }
        catch (Exception exception) when (AtomicFile.Describe(exception) is { } reason)
        {
            _isOver = true;
            _warn($"{_path} ends here, the run does not: {reason}");
        }
    }

    private void KeepLines(RunState state)
    {
        if (File.Exists(_path))
        {
            AtomicFile.Write(_path, stream =>
            {
                stream.Write(_pending.WrittenSpan);
                foreach (string line in File.ReadLines(_path))
                {
                    if (IsKept(line, state))
                    {
                        stream.Write(Encoding.UTF8.GetBytes(line + "\n"));
                    }
                }
            });
            _pending.ResetWrittenCount();
            _file = Open(FileMode.Append);
        }

        if (_stepCount < state.StepsDone)
        {
            _warn($"{_path} has lines of {_stepCount} of the {state.StepsDone} steps that are done");
        }
    }

    // The plan is written anew; of a line that a kill cut off, and of steps behind the checkpoint, nothing is kept.
    private bool IsKept(string line, RunState state)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("step", out JsonElement number)
                || number.ValueKind != JsonValueKind.Number || !number.TryGetInt64(out long step))
            {
                return false;
            }

            if (root.TryGetProperty("held_out_loss", out _))
            {
                return state.LossBehind(step) is not null;
            }

            bool isNext = step > _lastStep && step <= state.StepsDone;
            _lastStep = isNext ? step : _lastStep;
            _stepCount += isNext ? 1 : 0;
            return isNext;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
