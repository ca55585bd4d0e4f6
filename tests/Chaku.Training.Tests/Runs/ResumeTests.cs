using Chaku.Training.Runs;

namespace Chaku.Training.Tests.Runs;

public sealed class ResumeTests
{
    private static readonly Dictionary<string, TuneOptions> Variants = new()
    {
        ["dropout"] = TuningSample.Options,
        ["8 bits"] = TuningSample.Options with { Optimiser = "adamw-8bit" },
        ["DoRA and LoRA+"] = TuningSample.Options with { IsWeightDecomposed = true, LoraPlusRatio = 4 },
        ["accumulation"] = TuningSample.Options with { Accumulation = 3 },
        ["best kept"] = TuningSample.Options with { ValidationShare = 0.2, ValidateEvery = 2, LearningRate = 0.3 },
        ["last kept"] = TuningSample.Options with { ValidationShare = 0.2, Keeps = "last" },
        ["stopped early"] = TuningSample.Options with
        {
            ValidationShare = 0.2,
            ValidateEvery = 1,
            Patience = 2,
            LearningRate = 0.3,
            Steps = 40,
        },
        ["rare checkpoints"] = TuningSample.Options with { Checkpoints = new() { Steps = 4 } },
        ["all weights"] = new TuneOptions
        {
            IsFull = true,
            Steps = 4,
            ContextLength = 32,
            BatchSize = 1,
            LearningRate = 1e-3,
            Checkpoints = new() { Steps = 1 },
        },
        ["all weights in 8 bits"] = new TuneOptions
        {
            IsFull = true,
            Steps = 4,
            ContextLength = 32,
            BatchSize = 1,
            LearningRate = 1e-3,
            Optimiser = "adamw-8bit",
            Checkpoints = new() { Steps = 2 },
            ValidationShare = 0.2,
        },
    };

    public static TheoryData<string> Names => [.. Variants.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_run_that_was_broken_off_writes_the_bytes_of_one_that_was_not(string variant)
    {
        TuneOptions options = Variants[variant];
        using TuningSample sample = new();
        string suffix = options.IsFull ? ".gguf" : "";
        TuneReport whole = sample.Run("whole" + suffix, options);

        long[] breaks = [1, 2, Math.Min(4, whole.StepsDone)];
        for (int i = 0; i < breaks.Length; i++)
        {
            sample.Break("broken" + suffix, options, breaks[i], threadCount: 1 + (i % 3));
        }

        TuneReport? last = sample.Resume("broken" + suffix, options, threadCount: 3);

        Assert.Equal(
            sample.Written("whole" + suffix, options.IsFull), sample.Written("broken" + suffix, options.IsFull));
        RunFiles files = sample.Files("broken" + suffix, options.IsFull);
        Assert.False(File.Exists(files.Checkpoint));
        Assert.Equal(
            RunLogTests.WithoutSeconds(sample.Files("whole" + suffix, options.IsFull).Log),
            RunLogTests.WithoutSeconds(files.Log));
        Assert.NotNull(last);
        Assert.Equal(whole.HeldOut, last.HeldOut);
        Assert.Equal(whole.Effect?.Modules, last.Effect?.Modules);
        Assert.Equal(
            whole with
            {
                Plan = last.Plan,
                ElapsedSeconds = last.ElapsedSeconds,
                HeldOut = last.HeldOut,
                Effect = last.Effect,
                Cost = last.Cost,
                PeakMemoryBytes = last.PeakMemoryBytes,
            },
            last);
        Assert.All(sample.Warnings, warning => Assert.Contains("no worse", warning, StringComparison.Ordinal));
    }

    [Fact]
    public void The_plan_says_where_it_goes_on()
    {
        using TuningSample sample = new();
        sample.Break("x", TuningSample.Options, 4);
        TunePlan? plan = null;
        RunState? state = null;

        TuneReport? report = sample.Resume(
            "x", TuningSample.Options, new() { OnStart = told => plan = told, OnResume = told => state = told });

        // The checkpoint behind step 4 was not written any more.
        Assert.Equal(3, plan!.ResumedFrom);
        Assert.Same(plan, report!.Plan);
        Assert.NotNull(state);
    }

    [Fact]
    public void A_run_that_is_complete_is_left_as_it_is()
    {
        using TuningSample sample = new();
        sample.Run("x", TuningSample.Options);
        string[] before = Snapshot(sample.InFolder("x"));

        Assert.Null(sample.Resume("x", TuningSample.Options, threadCount: 1));
        Assert.Equal(before, Snapshot(sample.InFolder("x")));
    }

    [Fact]
    public void Another_run_than_the_complete_one_is_refused_with_what_differs()
    {
        using TuningSample sample = new();
        sample.Run("x", TuningSample.Options);
        string[] before = Snapshot(sample.InFolder("x"));

        string message = Assert.Throws<TrainingException>(
            () => sample.Resume("x", TuningSample.Options with { Steps = 9, WarmupSteps = 1 })).Message;

        Assert.Contains("--steps was 6 and is 9", message, StringComparison.Ordinal);
        Assert.Contains("complete", message, StringComparison.Ordinal);
        Assert.Equal(before, Snapshot(sample.InFolder("x")));
    }

    [Fact]
    public void A_checkpoint_of_another_run_is_refused_with_what_differs()
    {
        using TuningSample sample = new();
        sample.Break("x", TuningSample.Options, 3);
        string[] before = Snapshot(sample.InFolder("x"));

        Refuse("--lr was 0.01 and is 0.02", TuningSample.Options with { LearningRate = 0.02 });
        Refuse("seed was 0 and is 7", TuningSample.Options with { Seed = 7 });
        Refuse("--dora was no and is yes", TuningSample.Options with { IsWeightDecomposed = true });
        File.AppendAllText(sample.Data, "And down again.\n");
        Refuse("sequences was", TuningSample.Options);

        void Refuse(string difference, TuneOptions options)
        {
            string message = Assert.Throws<TrainingException>(() => sample.Resume("x", options)).Message;
            Assert.Contains(difference, message, StringComparison.Ordinal);
            Assert.Contains("--restart", message, StringComparison.Ordinal);
            Assert.Equal(before, Snapshot(sample.InFolder("x")));
        }
    }

    [Fact]
    public void A_run_without_resume_leaves_a_checkpoint_alone_and_says_what_can_be_done()
    {
        using TuningSample sample = new();
        sample.Break("x", TuningSample.Options, 3);
        string[] before = Snapshot(sample.InFolder("x"));

        string message = Assert.Throws<TrainingException>(() => sample.Run("x", TuningSample.Options)).Message;
        Assert.Contains("behind step 2", message, StringComparison.Ordinal);
        Assert.Contains("--resume", message, StringComparison.Ordinal);
        Assert.Contains("--restart", message, StringComparison.Ordinal);
        Assert.Equal(before, Snapshot(sample.InFolder("x")));

        TuneOptions again = TuningSample.Options with
        {
            LearningRate = 1e-3,
            Checkpoints = new() { Steps = 1, Restarts = true },
        };
        TuneReport report = sample.Run("x", again);
        Assert.Equal(0, report.Plan.ResumedFrom);
        Assert.False(File.Exists(sample.Files("x").Checkpoint));
    }

    [Fact]
    public void What_a_kill_left_is_taken_away_but_no_other_runs_checkpoint()
    {
        using TuningSample sample = new();
        sample.Break("x", TuningSample.Options, 3);
        string checkpoint = sample.Files("x").Checkpoint;
        byte[] own = File.ReadAllBytes(checkpoint);
        File.WriteAllText(Path.Combine(sample.InFolder("x"), ".checkpoint.safetensors.abcdefgh.ijk"), "");
        sample.Resume("x", TuningSample.Options);
        Assert.Equal(3, Directory.GetFiles(sample.InFolder("x")).Length);

        // Killed between the result's last rename and the end.
        File.WriteAllBytes(checkpoint, own);
        Assert.Null(sample.Resume("x", TuningSample.Options));
        Assert.False(File.Exists(checkpoint));

        TuneOptions other = TuningSample.Options with { Seed = 3 };
        sample.Break("y", other, 3);
        File.Copy(sample.Files("y").Checkpoint, checkpoint);
        Assert.Null(sample.Resume("x", TuningSample.Options));
        Assert.True(File.Exists(checkpoint));
    }

    [Fact]
    public void A_forged_checkpoint_does_not_train_for_ever()
    {
        using TuningSample sample = new();
        sample.Break("x", TuningSample.Options, 3);
        string path = sample.Files("x").Checkpoint;
        RunIdentity identity;
        using (Checkpoint checkpoint = Checkpoint.Find(path)!)
        {
            identity = checkpoint.Identity;
        }

        RunState state = new();
        state.Add(new TrainingStep(1, 1, 1, 1, 1, 1));
        state.Add(new TrainingStep(long.MaxValue, 1, 1, 1, 1, 1));
        Checkpoint.Write(path, identity, state, []);

        Assert.Contains(
            "--restart",
            Assert.Throws<TrainingException>(() => sample.Resume("x", TuningSample.Options)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_foreign_adapter_is_not_gone_on_with()
    {
        using TuningSample sample = new();
        Directory.CreateDirectory(sample.InFolder("x"));
        File.WriteAllText(Path.Combine(sample.InFolder("x"), "adapter_model.safetensors"), "something");

        string message =
            Assert.Throws<TrainingException>(() => sample.Resume("x", TuningSample.Options)).Message;

        Assert.Contains("does not say that it is this run's", message, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(sample.InFolder("x")));
    }

    [Fact]
    public void Who_stops_a_run_gets_what_was_learnt_and_can_go_on()
    {
        using TuningSample sample = new();
        TuneOptions options = TuningSample.Options with { Checkpoints = new() };
        sample.Run("whole", options);
        using CancellationTokenSource stop = new();
        TuneProgress progress = new() { OnStep = step => StopBehind(step, 3) };

        TuneReport? stopped = sample.Resume("x", options, progress, cancellation: stop.Token);

        Assert.Equal((RunEnd.Cancelled, 3L, 3L), (stopped!.End, stopped.StepsDone, stopped.KeptStep));
        Assert.True(File.Exists(sample.Files("x").Checkpoint));
        byte[] learnt = sample.Written("x");
        Assert.Equal(RunEnd.Complete, sample.Resume("x", options)!.End);
        Assert.NotEqual(learnt, sample.Written("x"));
        Assert.Equal(sample.Written("whole"), sample.Written("x"));

        void StopBehind(TrainingStep step, long last)
        {
            if (step.Number == last)
            {
                stop.Cancel();
            }
        }
    }

    [Fact]
    public void A_result_that_could_not_be_written_is_written_when_the_run_goes_on()
    {
        using TuningSample sample = new();
        TuneOptions options = TuningSample.Options with
        {
            ValidationShare = 0.2,
            ValidateEvery = 2,
            LearningRate = 0.3,
            Checkpoints = new(),
        };
        sample.Run("whole", options);
        string blocked = Path.Combine(sample.InFolder("x"), "adapter_model.safetensors");
        TuneProgress block = new() { OnStep = _ => Directory.CreateDirectory(blocked) };

        string message = Assert.Throws<IOException>(() => sample.Resume("x", options, block)).Message;

        Assert.Contains("cannot be written", message, StringComparison.Ordinal);
        Assert.Contains("--resume", message, StringComparison.Ordinal);
        Directory.Delete(blocked);
        Assert.Equal(6, sample.Resume("x", options)!.Plan.ResumedFrom);
        Assert.Equal(sample.Written("whole"), sample.Written("x"));
    }

    [Fact]
    public void Two_runs_do_not_write_to_one_place()
    {
        using TuningSample sample = new();
        string message = "";
        TuneProgress progress = new()
        {
            OnStep = step => message = step.Number == 2
                ? Assert.Throws<TrainingException>(() => sample.Resume("x", TuningSample.Options)).Message
                : message,
        };

        sample.Run("x", TuningSample.Options, progress);

        Assert.Contains("another run", message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(sample.InFolder("x"), ".lock")));
    }

    private static string[] Snapshot(string folder) =>
    [
        .. Directory.GetFiles(folder).Order(StringComparer.Ordinal)
            .Select(path => $"{path} {Convert.ToHexString(File.ReadAllBytes(path))}"),
    ];
}
