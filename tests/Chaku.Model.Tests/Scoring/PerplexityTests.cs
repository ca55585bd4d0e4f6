using Chaku.Model.Scoring;
using Chaku.Model.Tests.Decoding;
using Chaku.Tests;

namespace Chaku.Model.Tests.Scoring;

/// <summary>Against log-likelihoods worked out in float64 from the logits of an independent program.</summary>
public sealed class PerplexityTests
{
    private const double TokenTolerance = 1e-4;

    [Theory]
    [InlineData("llama-gqa", 512)]
    [InlineData("llama-mqa-tied", 7)]
    [InlineData("llama3-ropefreqs", 1)]
    public void A_window_equals_the_golden_log_likelihood(string name, int chunkLength)
    {
        string path = Fixtures.TestData("models", "tiny", name + ".gguf");
        float[] golden = ModelRun.Read(Path.ChangeExtension(path, ".logits"));
        using LanguageModel model = LanguageModel.Load(path, new ModelOptions { ChunkLength = chunkLength });
        double expected = GoldenLogLikelihood(golden, ModelRun.Tokens);

        PerplexityScore withoutBos = Perplexity.Score(model, ModelRun.Tokens, first: null);
        PerplexityScore afterBos = Perplexity.Score(model, ModelRun.Tokens.AsSpan(1), first: ModelRun.Tokens[0]);

        Assert.Equal(21, withoutBos.TokenCount);
        Assert.Equal(expected, withoutBos.LogLikelihood, 21 * TokenTolerance);
        Assert.Equal(withoutBos, afterBos);
        Assert.Equal(1, afterBos.Perplexity / Math.Exp(-expected / 21), TokenTolerance);
    }

    [Fact]
    public void Windows_do_not_overlap_and_every_token_after_BOS_is_scored()
    {
        using LanguageModel model = Load(8);
        PerplexityScore whole = Perplexity.Score(model, ModelRun.Tokens, first: 1);
        PerplexityScore[] parts =
        [
            .. ModelRun.Tokens.Chunk(7).Select(part => Perplexity.Score(model, part, first: 1)),
        ];
        Assert.Equal(ModelRun.Tokens.Length, whole.TokenCount);
        Assert.Equal(parts.Sum(part => part.LogLikelihood), whole.LogLikelihood, 1e-9);
    }

    [Fact]
    public void Without_BOS_the_first_token_of_a_window_is_only_context()
    {
        using LanguageModel model = Load(7);
        PerplexityScore whole = Perplexity.Score(model, ModelRun.Tokens, first: null);

        // Three windows of seven, and a rest of one token that nothing comes before.
        Assert.Equal(3 * 6, whole.TokenCount);
    }

    [Fact]
    public void A_text_is_scored_with_the_vocabularys_BOS_and_its_marks_are_text()
    {
        using LanguageModel model = Load(16);
        string text = "abc </s> def <s> ghi";
        int[] tokens = model.Tokenizer.Encode(text, addSpecial: false);
        List<(long Done, long All)> progress = [];
        PerplexityScore score = Perplexity.Score(model, text, null, (done, all) => progress.Add((done, all)));
        Assert.Equal(Perplexity.Score(model, tokens, model.Tokenizer.Vocabulary.BosId), score);
        Assert.Equal(tokens.Length, score.TokenCount);
        Assert.Equal((tokens.Length, tokens.Length), progress[^1]);
    }

    [Fact]
    public void A_text_without_a_token_to_score_is_refused()
    {
        using LanguageModel model = Load(16);
        Assert.Throws<ArgumentException>(() => Perplexity.Score(model, ""));
        Assert.Throws<ArgumentException>(() => Perplexity.Score(model, [5], first: null));
        using LanguageModel single = Load(1);
        Assert.Throws<ArgumentException>(() => Perplexity.Score(single, "abc"));
    }

    [Fact]
    public void Threads_and_chunks_change_no_bit()
    {
        using LanguageModel one = Load(22, threads: 1, chunk: 512);
        using LanguageModel three = Load(22, threads: 3, chunk: 5);
        Assert.Equal(
            Perplexity.Score(one, ModelRun.Tokens, null).LogLikelihood,
            Perplexity.Score(three, ModelRun.Tokens, null).LogLikelihood);
    }

    private static LanguageModel Load(int context, int threads = 2, int chunk = 512) => LanguageModel.Load(
        Fixtures.TestData("models", "tiny", "llama-gqa.gguf"),
        new ModelOptions { ContextLength = context, ThreadCount = threads, ChunkLength = chunk });

    private static double GoldenLogLikelihood(float[] logits, int[] tokens)
    {
        int width = logits.Length / tokens.Length;
        return Enumerable.Range(0, tokens.Length - 1).Sum(position =>
        {
            float[] row = logits[(position * width)..((position + 1) * width)];
            return row[tokens[position + 1]] - Math.Log(row.Sum(logit => Math.Exp(logit)));
        });
    }
}
