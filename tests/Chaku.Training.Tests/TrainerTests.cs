using System.Runtime.InteropServices;
using Chaku.Kernels.Ops;
using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Model.Decoding;
using Chaku.Tests;
using Chaku.Training.Datasets;
using Chaku.Training.Optimisation;

namespace Chaku.Training.Tests;

public sealed class TrainerTests
{
    [Theory]
    [InlineData("tiny/llama-gqa.gguf")]
    [InlineData("quant/llama-gqa-Q8_0.gguf")]
    [InlineData("quant/llama-gqa-Q4_K_M.gguf")]
    public void The_same_run_gives_the_same_bytes_on_any_number_of_threads(string file)
    {
        byte[] one = Train(file, threadCount: 1);

        Assert.Equal(one, Train(file, threadCount: 2));
        Assert.Equal(one, Train(file, threadCount: 3));
    }

    [Fact]
    public void So_it_does_with_DoRA_LoRA_plus_and_8_bits()
    {
        const string file = "quant/llama-gqa-Q4_K_M.gguf";
        byte[] plain = Train(file, threadCount: 1);
        byte[] one = Train(file, threadCount: 1, hasAll: true);

        Assert.Equal(one, Train(file, threadCount: 3, hasAll: true));
        Assert.NotEqual(one, plain);
    }

    [Fact]
    public void Accumulated_micro_batches_weigh_each_token_the_same()
    {
        TrainingSequence[] sequences = [Sequence(30, 1), Sequence(7, 2), Sequence(19, 3)];

        using Run together = new("tiny/llama-gqa.gguf", 2);
        TrainingStep expected = together.Trainer.Step([sequences]);
        using Run apart = new("tiny/llama-gqa.gguf", 2);
        TrainingStep actual = apart.Trainer.Step([[sequences[0]], [sequences[1], sequences[2]]]);

        Assert.Equal(expected.Loss, actual.Loss, 1e-6);
        Assert.Equal(expected.GradientNorm, actual.GradientNorm, 1e-5);
        Assert.Equal(expected.TrainedCount, actual.TrainedCount);
    }

    [Fact]
    public void A_step_without_a_trained_token_is_refused()
    {
        using Run run = new("tiny/llama-gqa.gguf", 1);
        TrainingSequence masked = new([1, 2, 3], [true, false, false]);

        TrainingException exception = Assert.Throws<TrainingException>(() => run.Trainer.Step([[masked]]));

        Assert.Contains("no token to learn", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rate_that_blows_up_stops_with_advice()
    {
        using Run run = new("tiny/llama-gqa.gguf", 1, learningRate: 1e30);

        TrainingException exception = Assert.Throws<TrainingException>(() =>
        {
            for (int step = 0; step < 5; step++)
            {
                run.Trainer.Step([[Sequence(20, 1)]]);
            }
        });

        Assert.Contains("smaller learning rate", exception.Message, StringComparison.Ordinal);
    }

    private static TrainingSequence Sequence(int length, int seed)
    {
        Random random = new(seed);
        bool[] trained = [.. Enumerable.Range(0, length).Select(i => i > 0 && i % 3 != 1)];
        return new TrainingSequence([.. Enumerable.Range(0, length).Select(_ => random.Next(384))], trained);
    }

    private static byte[] Train(string file, int threadCount, bool hasAll = false)
    {
        using Run run = new(file, threadCount, hasAll: hasAll);
        for (int step = 0; step < 3; step++)
        {
            run.Trainer.Step([[Sequence(70, step), Sequence(33, step + 10)], [Sequence(90, step + 20)]]);
        }

        return run.Bytes();
    }

    private sealed class Run : IDisposable
    {
        private readonly LanguageModel _model;
        private readonly Dictionary<string, LoraFactors> _factors = [];

        public Run(string file, int threadCount, double learningRate = 1e-2, bool hasAll = false)
        {
            _model = LanguageModel.Load(
                Fixtures.TestData("models", file.Replace('/', Path.DirectorySeparatorChar)),
                new ModelOptions { ThreadCount = threadCount });
            foreach (Linear linear in _model.Decoder.Linears)
            {
                LoraFactors pair = new(4, linear.InputSize, linear.OutputSize, 2, hasAll);
                pair.Magnitude?.AsSpan().Fill(1);
                for (int i = 0; i < pair.AValues.Length; i++)
                {
                    pair.AValues[i] = (float)(0.1 * CounterRandom.Normal(7, (ulong)linear.Number, (ulong)i));
                }

                _factors.Add(linear.Name, pair);
            }

            TrainingSettings settings = new()
            {
                StepCount = 3,
                LearningRate = learningRate,
                DropoutRate = 0.1,
                LoraPlusRatio = hasAll ? 16 : 1,
                OptimiserKind = OptimiserKinds.All[hasAll ? 1 : 0],
                Seed = 5,
            };
            BoundAdapter adapter = _model.Bind(new LoraAdapter(_factors, new LoraSettings(4, 8)));
            Trainer = new Trainer(_model.Decoder, adapter, settings, 256, 4);
        }

        public Trainer Trainer { get; }

        public byte[] Bytes() =>
        [
            .. _factors.Values.SelectMany(pair => MemoryMarshal.AsBytes(pair.AValues).ToArray()
                .Concat(MemoryMarshal.AsBytes(pair.TransposedBValues).ToArray())
                .Concat(MemoryMarshal.AsBytes(pair.Magnitude.AsSpan()).ToArray())),
        ];

        public void Dispose()
        {
            Trainer.Dispose();
            _model.Dispose();
        }
    }
}
