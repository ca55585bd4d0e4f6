using Chaku.Tests;

namespace Chaku.Model.Tests;

/// <summary>Loading: what is repacked, how far it is, and what stops it.</summary>
public sealed class LanguageModelTests
{
    private static string Quantised => Fixtures.TestData("models", "quant", "llama-gqa-Q4_K_M.gguf");

    [Fact]
    public void Loading_says_how_far_repacking_is()
    {
        List<(long Done, long All)> heard = [];
        using LanguageModel model =
            LanguageModel.Load(Quantised, progress: (done, all) => heard.Add((done, all)));

        Assert.Equal(model.Decoder.Linears.Count, heard.Count);
        Assert.Equal(heard[^1].All, heard[^1].Done);
        Assert.Equal(heard.Order(), heard);
        Assert.Equal(model.RepackedByteLength > 0, model.RepackSeconds > 0);
    }

    [Fact]
    public void Nothing_is_heard_of_repacking_where_nothing_is_repacked()
    {
        bool isHeard = false;
        using LanguageModel model = LanguageModel.Load(
            Quantised, new ModelOptions { Repack = false }, (done, all) => isHeard = true);

        Assert.False(isHeard);
        Assert.Equal((0, 0), (model.RepackedByteLength, model.RepackSeconds));
    }

    [Fact]
    public void Repacking_can_be_cancelled()
    {
        using CancellationTokenSource cancellation = new();
        int count = 0;

        Assert.Throws<OperationCanceledException>(() => LanguageModel.Load(
            Quantised,
            progress: (done, all) =>
            {
                count++;
                cancellation.Cancel();
            },
            cancellation: cancellation.Token));

        Assert.Equal(1, count);
    }

    [Fact]
    public void A_file_that_is_cut_while_it_is_repacked_is_refused()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("model.gguf", File.ReadAllBytes(Quantised));
        using (LanguageModel whole = LanguageModel.Load(path))
        {
            Assert.SkipUnless(whole.RepackedByteLength > 0, "this processor has no AVX2");
        }

        ModelFormatException exception = Assert.Throws<ModelFormatException>(() => LanguageModel.Load(
            path,
            progress: (done, all) =>
            {
                using FileStream stream = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
                stream.SetLength(4096);
            }));

        Assert.Equal(path, exception.File);
        Assert.Contains("the file has been cut since", exception.Message, StringComparison.Ordinal);
    }
}
