using System.Buffers.Binary;
using Chaku.Model.Files;
using Chaku.Training.Runs;

namespace Chaku.Training.Tests.Runs;

public sealed class CheckpointTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("chaku-test");
    private readonly float[] _values = [1, -2, float.Epsilon, float.MaxValue];
    private readonly byte[] _codes = [7, 0, 255];

    private string File => Path.Combine(_folder.FullName, "run", "checkpoint.safetensors");

    private static RunIdentity Identity => new([new("--lr", "0.01"), new("base_name", "a;b=c %")]);

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void What_is_kept_comes_back()
    {
        Write();
        float[] values = new float[4];
        byte[] codes = new byte[3];

        using Checkpoint checkpoint = Checkpoint.Find(File)!;
        checkpoint.Restore([SavedTensor.Of("value.x", values), SavedTensor.Of("mean_codes.x", codes)]);

        Assert.Equal(_values, values);
        Assert.Equal(_codes, codes);
        Assert.Null(Identity.OnThisProcessor().DifferenceFrom(checkpoint.Identity));
        Assert.Equal(State().ToText(), checkpoint.State.ToText());
        Assert.Equal(2, checkpoint.State.StepsDone);
        Assert.Equal(0.1, checkpoint.State.LossBehind(1));
    }

    [Fact]
    public void There_may_be_none() => Assert.Null(Checkpoint.Find(File));

    [Fact]
    public void Any_byte_that_is_not_what_was_written_is_found()
    {
        Write();
        byte[] bytes = System.IO.File.ReadAllBytes(File);
        for (int place = 0; place < bytes.Length; place++)
        {
            byte[] damaged = [.. bytes];
            damaged[place] ^= 0x10;
            Refuse(damaged);
        }

        for (int length = 0; length < bytes.Length; length += 7)
        {
            Refuse(bytes[..length]);
        }

        Refuse([.. bytes, 0]);
    }

    [Fact]
    public void A_file_that_is_no_checkpoint_is_refused()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        SafetensorsWriter.Write(File, new Dictionary<string, string>(), [SavedTensor.Of("value.x", _values).Source]);
        Assert.Contains(
            "no checkpoint",
            Assert.Throws<TrainingException>(() => Checkpoint.Find(File)).Message,
            StringComparison.Ordinal);

        byte[] huge = new byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(huge, ulong.MaxValue);
        Refuse(huge);
    }

    [Fact]
    public void A_checkpoint_with_other_numbers_changes_none()
    {
        Write();
        float[] values = new float[4];
        using Checkpoint checkpoint = Checkpoint.Find(File)!;

        Refuse(SavedTensor.Of("value.x", values));
        Refuse(SavedTensor.Of("value.x", values), SavedTensor.Of("mean_codes.x", new byte[4]));
        Refuse(SavedTensor.Of("value.x", values), SavedTensor.Of("mean_codes.x", new float[3]));
        Refuse(SavedTensor.Of("value.x", values), SavedTensor.Of("mean_codes.y", new byte[3]));
        Assert.All(values, value => Assert.Equal(0, value));

        void Refuse(params SavedTensor[] tensors) =>
            Assert.Throws<TrainingException>(() => checkpoint.Restore(tensors));
    }

    [Fact]
    public void The_older_one_stays_where_the_disk_is_full()
    {
        Write();
        byte[] before = System.IO.File.ReadAllBytes(File);
        _values[0] = 5;

        Assert.Throws<IOException>(() => Checkpoint.Write(
            File, Identity, State(), [SavedTensor.Of("value.x", _values)], path => new FullDisk(path, 100)));

        Assert.Equal(before, System.IO.File.ReadAllBytes(File));
        Assert.Single(Directory.GetFileSystemEntries(Path.GetDirectoryName(File)!));
    }

    [Fact]
    public void A_disk_that_takes_no_checkpoint_is_said_once_and_ends_no_run()
    {
        List<string> warnings = [];
        Directory.CreateDirectory(File);
        CheckpointWriter writer = new(File, Identity, new CheckpointOptions { Steps = 2 }, warnings.Add);
        Assert.False(writer.IsDue(1));
        Assert.True(writer.IsDue(2));

        Assert.False(writer.TryWrite(State(), []));
        Assert.False(writer.TryWrite(State(), []));
        Assert.Contains("no checkpoint behind step 2", Assert.Single(warnings), StringComparison.Ordinal);
        Directory.Delete(File);
        Assert.True(writer.TryWrite(State(), []));
        Assert.Contains("written again", warnings[1], StringComparison.Ordinal);
    }

    private static RunState State()
    {
        RunState state = new() { KeptStep = 1, ElapsedSeconds = 0.1 };
        state.Add(new TrainingStep(1, 0.1 + 0.2, 1, 0.1, 10, 5));
        state.Add(new TrainingStep(2, 1e-300, 1, 0.1, 11, 5));
        state.HeldOut.Add(new HeldOutLoss(0, 1.0 / 3));
        state.HeldOut.Add(new HeldOutLoss(1, 0.1));
        return state;
    }

    private void Write() => Checkpoint.Write(
        File,
        Identity.OnThisProcessor(),
        State(),
        [SavedTensor.Of("value.x", _values), SavedTensor.Of("mean_codes.x", _codes)]);

    private void Refuse(byte[] content)
    {
        System.IO.File.WriteAllBytes(File, content);
        string message = Assert.Throws<TrainingException>(() => Checkpoint.Find(File)).Message;
        Assert.Contains("--restart", message, StringComparison.Ordinal);
    }

    private sealed class FullDisk(string path, long room) : FileStream(path, FileMode.CreateNew)
    {
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (Position + buffer.Length > room)
            {
                throw new IOException("No space left on device");
            }

            base.Write(buffer);
        }
    }
}
