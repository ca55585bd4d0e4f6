using System.Text.Json.Nodes;
using Chaku.Kernels.Ops;
using Chaku.Model;
using Chaku.Model.Templates;
using Chaku.RandomModel;
using Chaku.SideBySide.Engines;
using Chaku.SideBySide.Measuring;
using Chaku.Training;
using Chaku.Training.Datasets;
using Chaku.Training.Optimisation;

namespace Chaku.SideBySide.Training;

/// <summary>
/// The same LoRA steps in Chaku, on the quantised model that is served, and in PyTorch, on float32 weights of the same
/// shape.
/// </summary>
internal sealed class TrainingBench : IDisposable
{
    /// <summary>Tokens of the sequence where nothing is masked.</summary>
    public const int SequenceLength = 512;

    private const int Rank = 8;
    private const int FirstToken = 300;

    private readonly LanguageModel _model;
    private readonly Trainer _trainer;
    private readonly TrainingData? _data;
    private readonly Action<string> _say;
    private PeerProcess? _peer;
    private bool _peerIsMissing;

    /// <summary>Loads the model, and the data set where there is one.</summary>
    /// <param name="options">What the command line asks for.</param>
    /// <param name="format">The format of the base's weights.</param>
    /// <param name="training">What the command line asks for of training.</param>
    /// <param name="say">Told what happens, and what is missing.</param>
    public TrainingBench(BenchOptions options, string format, TrainingOptions training, Action<string> say)
    {
        Options = options;
        Training = training;
        _say = say;
        _peerIsMissing = !options.HasPeer;
        _model = LanguageModel.Load(
            options.Model(options.Shape, format, say),
            new ModelOptions
            {
                ThreadCount = options.ThreadCount,
                ContextLength = SequenceLength,

                // As chaku tune has it: forward and backward read one layout.
                Repack = false,
            });
        TuneOptions tune = new() { Rank = Rank };
        TrainingSettings settings = new() { StepCount = 1_000_000, UsesGradientCheckpointing = training.Checkpoints };
        TuningTarget target = TuningTarget.Create(_model, tune);
        _trainer = target.CreateTrainer(settings, SequenceLength * training.BatchSize, training.BatchSize);
        ParameterCount = target.ParameterCount;
        _data = training.DataPath is { } path ? Encode(path) : null;
    }

    /// <summary>What the command line asks for.</summary>
    public BenchOptions Options { get; }

    /// <summary>What it asks for of training.</summary>
    public TrainingOptions Training { get; }

    /// <summary>Numbers that are trained.</summary>
    public long ParameterCount { get; }

    /// <summary>PyTorch's version; null until it has started.</summary>
    public string? PeerVersion { get; private set; }

    /// <summary>A sequence of which every token is learnt.</summary>
    public TrainingSequence Unmasked
    {
        get
        {
            int span = _model.Decoder.Config.VocabularySize - FirstToken;
            int[] tokens = new int[SequenceLength];
            for (int i = 0; i < tokens.Length; i++)
            {
                tokens[i] = FirstToken + (int)(CounterRandom.Mix((ulong)i, 0, 0) % (ulong)span);
            }

            return new TrainingSequence(tokens, Learnt(tokens.Length));
        }
    }

    /// <summary>PyTorch with its model; null where it takes no part.</summary>
    public PeerProcess? Peer
    {
        get
        {
            if (_peer is null && !_peerIsMissing)
            {
                StartPeer();
            }

            return _peer;
        }
    }

    /// <summary>
    /// Batches of records from all over the data set, of which the answers are learnt. Null where there is none.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<TrainingSequence>>? Records()
    {
        if (_data is null)
        {
            _say("records are not measured: name a data set with --data");
            return null;
        }

        IReadOnlyList<TrainingSequence> all = _data.Training.Sequences;
        int count = Math.Min(all.Count, Training.BatchSize * Training.BatchCount);
        return
        [
            .. Enumerable.Range(0, count)
                .Select(i => all[(int)((long)i * all.Count / count)])
                .Chunk(Training.BatchSize),
        ];
    }

    /// <summary>Seconds of a step of ours.</summary>
    /// <param name="microBatches">Each is packed without padding.</param>
    public double Step(IReadOnlyList<IReadOnlyList<TrainingSequence>> microBatches)
    {
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        _trainer.Step(microBatches);
        return System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Seconds of the peer's step on a batch, which it pads.</summary>
    public static double PeerStep(PeerProcess peer, IReadOnlyList<TrainingSequence> batch)
    {
        JsonObject answer = peer.Ask(new JsonObject
        {
            ["op"] = "step",
            ["tokens"] = new JsonArray([.. batch.Select(sequence => List(sequence.Tokens))]),
            ["trained"] = new JsonArray([.. batch.Select(sequence => List(sequence.Trained))]),
        });
        return answer["seconds"]!.GetValue<double>();
    }

    /// <summary>A sequence with every token learnt, its question too.</summary>
    public static TrainingSequence LearnAll(TrainingSequence sequence) =>
        sequence with { Trained = Learnt(sequence.Tokens.Length) };

    /// <inheritdoc/>
    public void Dispose()
    {
        _peer?.Dispose();
        _trainer.Dispose();
        _model.Dispose();
    }

    private static bool[] Learnt(int length)
    {
        bool[] learnt = new bool[length];
        learnt.AsSpan(1).Fill(true);
        return learnt;
    }

    private static JsonArray List<T>(T[] values) =>
        new([.. values.Select(value => (JsonNode)JsonValue.Create(value)!)]);

    private TrainingData Encode(string path)
    {
        ChatTemplate template = ChatTemplates.Resolve("alpaca", null, _model.Tokenizer.Vocabulary);
        TrainingData data = DatasetEncoder.Encode(
            Dataset.Read(path), _model.Tokenizer, new PromptEncoder(_model.Tokenizer, template), SequenceLength);
        TrainingSet set = data.Training;
        _say(
            $"{Path.GetFileName(path)}: {data.RecordCount} records, {set.Sequences.Count} sequences, {set.TokenCount} "
            + $"tokens, {set.TrainedTokenCount} of them learnt; {data.Dropped.Count} are longer than {SequenceLength} "
            + "tokens or broken, and left out");
        return data;
    }

    private void StartPeer()
    {
        try
        {
            _peer = new PeerProcess(Training.Python, Path.Combine(AppContext.BaseDirectory, "peers", "lora_peer.py"));
            RandomShape shape = RandomShape.Of(Options.Shape);
            JsonObject answer = _peer.Ask(new JsonObject
            {
                ["op"] = "open",
                ["threads"] = Options.ThreadCount,
                ["rank"] = Rank,
                ["shape"] = new JsonObject
                {
                    ["hidden"] = shape.Hidden,
                    ["inner"] = shape.Inner,
                    ["layers"] = shape.Layers,
                    ["heads"] = shape.Heads,
                    ["kv_heads"] = shape.KvHeads,
                    ["vocabulary"] = shape.Vocabulary,
                },
            });
            PeerVersion = answer["version"]!.GetValue<string>();
            long parameters = answer["parameters"]!.GetValue<long>();
            if (parameters != ParameterCount)
            {
                throw new PeerException($"PyTorch trains {parameters} numbers, Chaku {ParameterCount}");
            }
        }
        catch (PeerException exception)
        {
            _say($"PyTorch takes no part: {exception.Message}");
            _peerIsMissing = true;
            _peer?.Dispose();
            _peer = null;
        }
    }
}

/// <summary>What the command line asks for of training.</summary>
/// <param name="DataPath">A data set in Alpaca's format; null for none.</param>
/// <param name="Python">The interpreter that has PyTorch.</param>
/// <param name="BatchSize">Records of a step.</param>
/// <param name="BatchCount">Steps of a round.</param>
/// <param name="Checkpoints">Whether layers' activations are computed again in the backward.</param>
internal sealed record TrainingOptions(
    string? DataPath, string Python, int BatchSize, int BatchCount, bool Checkpoints);
