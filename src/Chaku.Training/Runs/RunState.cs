using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Chaku.Training.Runs;

/// <summary>The mean loss of what is held out.</summary>
/// <param name="Step">Behind which step; 0 is before the first.</param>
/// <param name="Loss">In natural units.</param>
internal sealed record HeldOutLoss(long Step, double Loss);

/// <summary>How far a run is, apart from the numbers that it trains.</summary>
internal sealed class RunState
{
    /// <summary>Steps done.</summary>
    public long StepsDone { get; private set; }

    /// <summary>The first step's loss; none before it.</summary>
    public double FirstLoss { get; private set; } = double.NaN;

    /// <summary>The last step's loss; none before the first.</summary>
    public double LastLoss { get; private set; } = double.NaN;

    /// <summary>Tokens that went through the decoder to be learnt from.</summary>
    public long TokenCount { get; private set; }

    /// <summary>Seconds that the run took in all its lives, up to its last step.</summary>
    public double ElapsedSeconds { get; set; }

    /// <summary>The step behind which the kept values are; 0 where none are kept.</summary>
    public long KeptStep { get; set; }

    /// <summary>Every measurement, in order.</summary>
    public List<HeldOutLoss> HeldOut { get; } = [];

    /// <summary>The best measurement behind a step; null before there is one. The first of equals.</summary>
    public HeldOutLoss? Best => HeldOut.Where(measured => measured.Step > 0).MinBy(measured => measured.Loss);

    /// <summary>Measurements since the best one.</summary>
    public int CountSinceBest => Best is { } best ? HeldOut.Count(measured => measured.Step > best.Step) : 0;

    /// <summary>The measurement behind a step; null where there is none.</summary>
    public double? LossBehind(long step) => HeldOut.Find(measured => measured.Step == step)?.Loss;

    /// <summary>Counts a step.</summary>
    public void Add(TrainingStep step)
    {
        StepsDone = step.Number;
        FirstLoss = step.Number == 1 ? step.Loss : FirstLoss;
        LastLoss = step.Loss;
        TokenCount += step.TokenCount;
    }

    /// <summary>Writes the state of a run that has done a step.</summary>
    public string ToText()
    {
        ArrayBufferWriter<byte> text = new();
        using (Utf8JsonWriter json = new(text))
        {
            json.WriteStartObject();
            json.WriteNumber("steps_done", StepsDone);
            json.WriteNumber("first_loss", FirstLoss);
            json.WriteNumber("last_loss", LastLoss);
            json.WriteNumber("tokens", TokenCount);
            json.WriteNumber("seconds", ElapsedSeconds);
            json.WriteNumber("kept_step", KeptStep);
            json.WriteStartArray("held_out");
            foreach (HeldOutLoss measured in HeldOut)
            {
                json.WriteStartArray();
                json.WriteNumberValue(measured.Step);
                json.WriteNumberValue(measured.Loss);
                json.WriteEndArray();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(text.WrittenSpan);
    }

    /// <summary>Reads what <see cref="ToText"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is something else.</exception>
    public static RunState Parse(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            JsonElement root = document.RootElement;
            RunState state = new()
            {
                StepsDone = root.GetProperty("steps_done").GetInt64(),
                FirstLoss = root.GetProperty("first_loss").GetDouble(),
                LastLoss = root.GetProperty("last_loss").GetDouble(),
                TokenCount = root.GetProperty("tokens").GetInt64(),
                ElapsedSeconds = root.GetProperty("seconds").GetDouble(),
                KeptStep = root.GetProperty("kept_step").GetInt64(),
            };
            foreach (JsonElement measured in root.GetProperty("held_out").EnumerateArray())
            {
                state.HeldOut.Add(new HeldOutLoss(measured[0].GetInt64(), measured[1].GetDouble()));
            }

            return state.StepsDone > 0 && state.KeptStep >= 0 && state.KeptStep <= state.StepsDone
                ? state
                : throw new InvalidDataException(
                    $"expected steps done, and no more kept, found {state.StepsDone} and {state.KeptStep}");
        }
        catch (Exception exception) when (exception
            is JsonException or KeyNotFoundException or InvalidOperationException or FormatException
            or IndexOutOfRangeException)
        {
            throw new InvalidDataException($"expected the state of a run, found something else: {exception.Message}");
        }
    }
}
