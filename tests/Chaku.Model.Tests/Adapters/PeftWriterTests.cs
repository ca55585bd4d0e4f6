using Chaku.Model.Adapters;
using Chaku.Model.Tests.Files;
using Chaku.Tests;

namespace Chaku.Model.Tests.Adapters;

/// <summary>An adapter is written whole or not at all.</summary>
public sealed class PeftWriterTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(700)]
    [InlineData(20_000)]
    public void A_full_disk_leaves_the_old_adapter_and_nothing_else(int capacity)
    {
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();
        AdaptableLinears linears = AdaptableLinears.Of(model);
        PeftWriter.Write(folder["a"], SampleAdapters.Random(model, 1), linears);
        Dictionary<string, byte[]> before = Content(folder["a"]);

        IOException exception = Assert.Throws<IOException>(() => PeftWriter.Write(
            folder["a"],
            SampleAdapters.Random(model, 2, new LoraSettings(4, 1)),
            linears,
            temporary => new FullDiskStream(temporary, capacity)));

        Assert.Contains("cannot be written: no space", exception.Message, StringComparison.Ordinal);
        Assert.Equal(before, Content(folder["a"]));
    }

    [Fact]
    public void A_full_disk_leaves_no_new_folder()
    {
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();

        Assert.Throws<IOException>(() => PeftWriter.Write(
            folder["new"],
            SampleAdapters.Random(model, 1),
            AdaptableLinears.Of(model),
            temporary => new FullDiskStream(temporary, 1000)));

        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void A_read_only_file_keeps_the_old_adapter()
    {
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();
        AdaptableLinears linears = AdaptableLinears.Of(model);
        PeftWriter.Write(folder["a"], SampleAdapters.Random(model, 1), linears);
        Dictionary<string, byte[]> before = Content(folder["a"]);
        string weights = Path.Combine(folder["a"], PeftFolder.WeightsName);
        File.SetAttributes(weights, FileAttributes.ReadOnly);

        IOException exception = Assert.Throws<IOException>(
            () => PeftWriter.Write(folder["a"], SampleAdapters.Random(model, 2, new LoraSettings(4, 1)), linears));

        Assert.Equal($"{weights} cannot be written: it is read-only", exception.Message);
        Assert.Equal(before, Content(folder["a"]));
        File.SetAttributes(weights, FileAttributes.Normal);
    }

    [Fact]
    public void A_file_in_the_folders_place_is_refused()
    {
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();
        string path = folder.Write("a", [1]);

        IOException exception = Assert.Throws<IOException>(
            () => PeftWriter.Write(path, SampleAdapters.Random(model, 1), AdaptableLinears.Of(model)));

        Assert.StartsWith($"{path} cannot be written", exception.Message, StringComparison.Ordinal);
        Assert.Equal([1], File.ReadAllBytes(path));
    }

    private static Dictionary<string, byte[]> Content(string folder) =>
        Directory.GetFileSystemEntries(folder).ToDictionary(path => path, File.ReadAllBytes);
}
