using Chaku.Training.Runs;

namespace Chaku.Training.Tests.Runs;

public sealed class RunMarksTests
{
    [Theory]
    [InlineData(10, null, 4, "0 3 5 8 10")]
    [InlineData(3, null, 4, "0 1 2 3")]
    [InlineData(1, null, 20, "0 1")]
    [InlineData(10, 4L, 4, "0 4 8 10")]
    [InlineData(10, 100L, 4, "0 10")]
    public void They_are_spread_over_the_run(long stepCount, long? every, int count, string expected)
    {
        RunMarks marks = new(stepCount, every, count);
        Assert.Equal(expected, string.Join(' ', Enumerable.Range(0, (int)stepCount + 1).Where(i => marks.IsAt(i))));
    }

    [Fact]
    public void A_run_of_any_length_has_them() =>
        Assert.True(new RunMarks(long.MaxValue, null, 20).IsAt(long.MaxValue));

    [Theory]
    [InlineData("out", false, "out")]
    [InlineData("folder/out.gguf", true, "folder/out.run")]
    public void Files_lie_in_the_adapter_or_beside_the_model(string output, bool isFull, string folder)
    {
        RunFiles files = RunFiles.Of(output, isFull);

        Assert.Equal(Path.GetFullPath(folder), files.Folder);
        foreach (string path in (string[])[files.Checkpoint, files.Log, files.Curve, files.Report, files.Card])
        {
            Assert.Equal(files.Folder, Path.GetDirectoryName(path));
        }
    }
}
