using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Model.Tests.Files;

/// <summary>A hash is remembered for the very file it belongs to, and a broken memory only costs time.</summary>
public sealed class ContentHashCacheTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Model => _folder["model.gguf"];

    private string Cache => _folder["cache"];

    [Fact]
    public void The_second_time_nothing_is_read()
    {
        WriteModel(1, DateTime.UnixEpoch);

        (string first, bool firstComputed) = Get(Cache);
        (string second, bool secondComputed) = Get(Cache);

        Assert.Equal((first, true, false), (second, firstComputed, secondComputed));
        Assert.Single(Directory.GetFiles(Cache));
    }

    [Fact]
    public void A_file_with_another_time_is_read_again()
    {
        WriteModel(1, DateTime.UnixEpoch);
        (string first, _) = Get(Cache);
        WriteModel(2, DateTime.UnixEpoch.AddSeconds(1));

        (string second, bool computed) = Get(Cache);

        Assert.True(computed);
        Assert.NotEqual(first, second);
        Assert.Equal((second, false), Get(Cache));
        Assert.Single(Directory.GetFiles(Cache));
    }

    [Fact]
    public void A_file_that_was_just_written_is_not_remembered()
    {
        WriteModel(1, DateTime.UtcNow);

        Get(Cache);

        Assert.False(Directory.Exists(Cache));
    }

    [Theory]
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData(null)]
    public void A_corrupt_entry_is_replaced(string? content)
    {
        WriteModel(1, DateTime.UnixEpoch);
        (string hash, _) = Get(Cache);
        string entry = Assert.Single(Directory.GetFiles(Cache));
        string text = File.ReadAllText(entry);
        File.WriteAllText(entry, content ?? text.Replace(hash, hash.ToUpperInvariant(), StringComparison.Ordinal));

        Assert.Equal((hash, true), Get(Cache));
        Assert.Equal(text, File.ReadAllText(entry));
    }

    [Fact]
    public void A_folder_that_cannot_be_made_or_is_none_costs_only_time()
    {
        WriteModel(1, DateTime.UnixEpoch);
        string blocked = Path.Combine(_folder.Write("file", [1]), "cache");

        Assert.True(Get(blocked).Computed);
        Assert.True(Get(blocked).Computed);
        Assert.True(Get(null).Computed);
    }

    public void Dispose() => _folder.Dispose();

    private void WriteModel(float weight, DateTime writtenUtc)
    {
        GgufWriter.Write(Model, new Metadata("model.gguf"), [TensorSource.FromSingles("a", [1], new[] { weight })]);
        File.SetLastWriteTimeUtc(Model, writtenUtc);
    }

    private (string Hash, bool Computed) Get(string? folder)
    {
        using GgufFile file = GgufFile.Open(Model);
        bool computed = false;
        string hash = new ContentHashCache(folder, TimeProvider.System).GetOrCompute(
            file.Content, (_, _) => computed = true);
        return (hash, computed);
    }
}
