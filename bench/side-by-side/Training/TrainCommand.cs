using System.CommandLine;
using Chaku.SideBySide.Measuring;
using Chaku.SideBySide.Reports;

namespace Chaku.SideBySide.Training;

/// <summary>Chaku's LoRA step beside PyTorch's.</summary>
internal sealed class TrainCommand : Command
{
    private const string Introduction =
        "Chaku's LoRA step on the quantised base beside PyTorch's on a float32 base of the same shape: the same number "
        + "of threads and tokens, rank 8 on all linear layers but the output head, forward, backward, clipping and "
        + "AdamW, rounds in turn. PyTorch pads the records of a step to the longest; Chaku packs them. What counts is "
        + "the median of the rounds' ratios. [bench/README.md](../../bench/README.md) says how to repeat it.";

    private readonly BenchArguments _arguments;

    private readonly Option<string?> _data = new("--data")
    {
        Description = "A data set of instructions, in Alpaca's format; without one its measurements are left out.",
    };

    private readonly Option<string> _python = new("--python")
    {
        Description = "The Python that has PyTorch.",
        DefaultValueFactory = _ => "python3",
    };

    private readonly Option<int> _batch = new("--batch")
    {
        Description = "Records of a step.",
        DefaultValueFactory = _ => 8,
    };

    private readonly Option<int?> _batches = new("--batches")
    {
        Description = "Steps of a round on records: 4 by default, 1 when quick.",
    };

    private readonly Option<bool> _checkpointing = new("--gradient-checkpointing")
    {
        Description = "Computes activations again in Chaku's backward, for memory.",
    };

    /// <summary>Describes the command line.</summary>
    public TrainCommand()
        : base("train", "Chaku's LoRA step beside PyTorch's: tokens and records per second, memory.")
    {
        _arguments = new BenchArguments(
            this, ["Q4_K_M"], TrainingMeasurements.All.Select(measurement => measurement.Name));
        Option[] options = [_data, _python, _batch, _batches, _checkpointing];
        Array.ForEach(options, Options.Add);
        SetAction(Run);
    }

    private void Run(ParseResult arguments)
    {
        BenchOptions options = _arguments.Read(arguments);
        TrainingOptions training = new(
            arguments.GetValue(_data),
            arguments.GetRequiredValue(_python),
            arguments.GetValue(_batch),
            arguments.GetValue(_batches) ?? options.Sized(4, 1),
            arguments.GetValue(_checkpointing));
        Report report = new(
            options.OutputFolder, "training", "Training, beside PyTorch", Introduction, TrainingMeasurements.Pages);
        foreach (string format in options.Formats)
        {
            using TrainingBench bench = new(options, format, training, Console.WriteLine);
            Setup setup = new(options.Shape, format, options.ThreadCount)
            {
                At = training.Checkpoints ? "gradient checkpointing" : null,
            };
            foreach (Measurement measurement in TrainingMeasurements.All
                .Where(entry => options.Measurements.Contains(entry.Name))
                .SelectMany(entry => entry.Create(bench)))
            {
                report.Add(measurement.Run(setup, options.Rounds, Console.WriteLine), bench.PeerVersion);
            }
        }
    }
}
