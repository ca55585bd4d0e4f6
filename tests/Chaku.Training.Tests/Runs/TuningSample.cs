using Chaku.Model;
using Chaku.Training.Runs;

namespace Chaku.Training.Tests.Runs;

/// <summary>A small run in a folder of its own, to be broken off and gone on with.</summary>
internal sealed class TuningSample : IDisposable
{
    /// <summary>A run with everything that draws or adds up something.</summary>
    public static readonly TuneOptions Options = new()
    {
        Steps = 6,
        Rank = 2,
        ContextLength = 32,
        BatchSize = 1,
        LearningRate = 1e-2,
        Dropout = 0.1,
        Checkpoints = new CheckpointOptions { Steps = 1 },
    };

    private readonly TalkingModel _files = new();
    private readonly string _data;

    /// <summary>A sample whose text is given, or lines that are much alike.</summary>
    public TuningSample(string? text = null) => _data = _files.Write(
        "text.txt",
        text ?? string.Concat(Enumerable.Range(0, 12).Select(i => $"The herd of {i} went up the hill at dawn.\n")));

    /// <summary>The model's file.</summary>
    public string Model => _files.Path;

    /// <summary>The data set.</summary>
    public string Data => _data;

    /// <summary>What is warned of, in all runs.</summary>
    public List<string> Warnings { get; } = [];

    /// <summary>A path in the folder.</summary>
    public string InFolder(string name) => _files.InFolder(name);

    /// <summary>The files beside an adapter, or a model.</summary>
    public RunFiles Files(string name, bool isFull = false) => RunFiles.Of(InFolder(name), isFull);

    /// <summary>Loads the model.</summary>
    public LanguageModel Load(int threadCount = 2, bool isFull = false) => LanguageModel.Load(
        Model, new ModelOptions { ThreadCount = threadCount, Repack = false, HoldsSingles = isFull });

    /// <summary>Begins a run and does all of it.</summary>
    public TuneReport Run(string name, TuneOptions options, TuneProgress? progress = null)
    {
        using LanguageModel model = Load(isFull: options.IsFull);
        return Tuning.Run(
            model, _data, InFolder(name), options, Heard(progress), TestContext.Current.CancellationToken);
    }

    /// <summary>Begins or goes on.</summary>
    public TuneReport? Resume(
        string name,
        TuneOptions options,
        TuneProgress? progress = null,
        int threadCount = 2,
        CancellationToken cancellation = default)
    {
        using LanguageModel model = Load(threadCount, options.IsFull);
        return Tuning.Resume(model, _data, InFolder(name), options, Heard(progress), cancellation);
    }

    /// <summary>Begins or goes on, and dies behind a step without another chance to write.</summary>
    public void Break(string name, TuneOptions options, long step, int threadCount = 2)
    {
        TuneProgress progress = new()
        {
            OnStep = done =>
            {
                if (done.Number == step)
                {
                    throw new NotFiniteNumberException("broken off");
                }
            },
        };
        Assert.Throws<NotFiniteNumberException>(() => Resume(name, options, progress, threadCount));
    }

    /// <summary>The bytes of what was written.</summary>
    public byte[] Written(string name, bool isFull = false) =>
        File.ReadAllBytes(isFull ? InFolder(name) : Path.Combine(InFolder(name), "adapter_model.safetensors"));

    public void Dispose() => _files.Dispose();

    private TuneProgress Heard(TuneProgress? progress) =>
        (progress ?? new TuneProgress()) with { OnWarning = Warnings.Add };
}
