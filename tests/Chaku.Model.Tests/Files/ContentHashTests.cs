using Chaku.Kernels.Formats;
using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Model.Tests.Files;

/// <summary>What the hash depends on, and when it is remembered.</summary>
public sealed class ContentHashTests
{
    // Computed by a Python script from docs/formats/content-hash.md; see tests/testdata/PROVENANCE.md.
    [Theory]
    [InlineData("llama-gqa.gguf", "3ecf66bc677bb22754d2ee7ee3b39a26dc944e1f8f50f802eb5b62effd3ceac1")]
    [InlineData("llama-mqa-tied.gguf", "f5314340e38ed20dae0b982e704c8788be6320496ef547f12905e307e137df6e")]
    [InlineData("llama3-ropefreqs.gguf", "9546893f85a2b4bc006c1b7cb6aab63f81bf57317c1d039dd9920a8c2e225395")]
    public void The_hash_is_what_an_independent_program_computes(string name, string hash)
    {
        using GgufFile file = GgufFile.Open(Fixtures.TestData("models", "tiny", name));

        Assert.Equal(hash, ContentHash.Compute(file.Content, null, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_file_without_tensors_has_the_hash_of_nothing() =>
        Assert.Equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", HashOf(32));

    [Fact]
    public void Metadata_order_and_alignment_change_nothing_and_all_else_does()
    {
        TensorSource a = TensorSource.FromSingles("a", [2, 3], new float[] { 1, 2, 3, 4, 5, 6 });
        TensorSource b = TensorSource.FromSingles("b", [1], new float[] { 7 });
        string hash = HashOf(32, a, b);

        Assert.Equal(hash, HashOf(64, b, a));
        Assert.NotEqual(hash, HashOf(32, a));
        Assert.NotEqual(hash, HashOf(32, a with { Name = "c" }, b));
        Assert.NotEqual(hash, HashOf(32, a with { Dimensions = [3, 2] }, b));
        Assert.NotEqual(hash, HashOf(32, a with { Dimensions = [6] }, b));
        Assert.NotEqual(hash, HashOf(32, a, TensorSource.FromSingles("b", [1], new[] { -7f })));
        TensorFormat half = TensorFormats.FromName("F16")!;
        Assert.NotEqual(
            HashOf(32, TensorSource.FromBytes("a", half, [1], new byte[2])),
            HashOf(32, TensorSource.FromBytes("a", TensorFormats.FromName("BF16")!, [1], new byte[2])));
    }

    [Fact]
    public void Progress_reaches_the_whole_and_a_cancelled_hash_stops()
    {
        using GgufFile file = GgufFile.Open(Fixtures.TestData("models", "tiny", "llama-gqa.gguf"));
        List<long> steps = [];
        using CancellationTokenSource source = new();

        ContentHash.Compute(file.Content, (done, all) => steps.Add(all - done), TestContext.Current.CancellationToken);
        Assert.Equal(steps.OrderDescending(), steps);
        Assert.Equal(0, steps[^1]);
        int calls = 0;
        Assert.Throws<OperationCanceledException>(() => ContentHash.Compute(file.Content,
            (_, _) =>
            {
                calls++;
                source.Cancel();
            },
            source.Token));
        Assert.Equal(1, calls);
    }

    private static string HashOf(uint alignment, params TensorSource[] tensors)
    {
        using TemporaryFolder folder = new();
        Metadata metadata = new("a.gguf");
        metadata.Add("general.alignment", alignment);
        GgufWriter.Write(folder["a.gguf"], metadata, tensors);
        using GgufFile file = GgufFile.Open(folder["a.gguf"]);
        return ContentHash.Compute(file.Content);
    }
}
