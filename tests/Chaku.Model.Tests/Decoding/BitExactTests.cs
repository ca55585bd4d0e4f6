using Chaku.Model.Cache;
using Chaku.Model.Decoding;
using Chaku.Tests;

namespace Chaku.Model.Tests.Decoding;

/// <summary>Bits depend on weights, cache type, tokens and positions alone.</summary>
public sealed class BitExactTests
{
    private const int LongLength = 200;

    // Learned positions end where the model's do.
    private static readonly string[] Short = ["folders/gpt2", "tiny/gpt2.gguf"];

    public static TheoryData<string, string> Models()
    {
        TheoryData<string, string> models = new()
        {
            { "tiny/llama-gqa.gguf", "f16" },
            { "quant/llama-gqa-Q8_0.gguf", "f32" },
            { "quant/llama-gqa-Q4_K_M.gguf", "f32" },
            { "quant/llama-gqa-Q4_K_M.gguf", "f16" },
            { "quant/llama-gqa-Q4_K_M.gguf", "q8_0" },
        };
        foreach (string name in TestModels.OfEachFamily.Except(Short))
        {
            models.Add(name, "f32");
        }

        return models;
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Any_number_of_threads_gives_the_same_bits(string file, string cacheType)
    {
        float[] one = LongLogits(file, new ModelOptions { ThreadCount = 1, CacheType = cacheType });

        Assert.Equal(one, LongLogits(file, new ModelOptions { ThreadCount = 2, CacheType = cacheType }));
        Assert.Equal(one, LongLogits(file, new ModelOptions { ThreadCount = 3, CacheType = cacheType }));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Any_chunking_of_the_prompt_gives_the_same_bits(string file, string cacheType)
    {
        float[] whole = LongLogits(file, new ModelOptions { ChunkLength = LongLength, CacheType = cacheType });

        foreach (int chunk in new[] { 1, 5, 32 })
        {
            Assert.Equal(whole, LongLogits(file, new ModelOptions { ChunkLength = chunk, CacheType = cacheType }));
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Repacked_weights_give_the_same_bits(string file, string cacheType)
    {
        float[] mapped = LongLogits(file, new ModelOptions { Repack = false, CacheType = cacheType });

        Assert.Equal(mapped, LongLogits(file, new ModelOptions { Repack = true, CacheType = cacheType }));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void A_batch_of_seven_gives_the_bits_of_each_alone(string file, string cacheType)
    {
        using LanguageModel model = Load(file, new ModelOptions { CacheType = cacheType });
        int width = model.Decoder.Config.VocabularySize;
        int[][] prompts = [.. Enumerable.Range(0, 7).Select(i => Tokens(10 + (23 * i), seed: i))];
        float[][] alone = [.. prompts.Select(prompt => LastLogits(model, prompt))];

        using KvCache cache = model.CreateCache(prompts.Length);
        Batch batch = new();
        foreach (int[] prompt in prompts)
        {
            batch.Add(cache.Open(), prompt, OutputRows.Last);
        }

        model.Decoder.Forward(batch);
        float[] together = new float[prompts.Length * width];
        model.Decoder.Logits(batch, 0, prompts.Length, together);

        Assert.Equal(alone.SelectMany(logits => logits), together);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Rows_that_are_not_asked_for_change_no_bit_of_the_others(string file, string cacheType)
    {
        using LanguageModel model = Load(file, new ModelOptions { CacheType = cacheType });
        int width = model.Decoder.Config.VocabularySize;
        float[] all = LongLogits(file, new ModelOptions { CacheType = cacheType });
        int[] tokens = Tokens(LongLength, seed: 1);
        int[] rows = [3, 4, 90, 91, 92, 160, 198];
        using KvCache cache = model.CreateCache(2);
        using KvSequence unasked = cache.Open();
        using KvSequence asked = cache.Open();
        Batch batch = new();
        batch.Add(unasked, tokens.AsSpan(0, 50), OutputRows.None);
        batch.Add(asked, tokens, rows);
        Assert.True(batch.SkipsRows);
        model.Decoder.Forward(batch);
        float[] some = new float[rows.Length * width];
        model.Decoder.Logits(batch, 0, rows.Length, some);
        Assert.Equal(rows.SelectMany(row => all.Skip(row * width).Take(width)), some);

        // What was left out has its keys and values all the same.
        batch.Clear();
        batch.Add(unasked, tokens.AsSpan(50), OutputRows.Last);
        model.Decoder.Forward(batch);
        float[] last = new float[width];
        model.Decoder.Logits(batch, 0, 1, last);
        Assert.Equal(all.Skip((LongLength - 1) * width), last);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void A_cached_prefix_gives_the_same_bits(string file, string cacheType)
    {
        using LanguageModel model = Load(file, new ModelOptions { CacheType = cacheType });
        int[] tokens = Tokens(LongLength, seed: 1);
        float[] fresh = LastLogits(model, tokens);

        using KvCache cache = model.CreateCache();
        Batch batch = new();
        using (KvSequence first = cache.Open())
        {
            model.Prefill(batch, first, tokens.AsSpan(0, 150), OutputRows.None);
        }

        using KvSequence second = cache.Open(tokens, adapter: null);
        Assert.Equal(128, second.Length);
        model.Prefill(batch, second, tokens.AsSpan(second.Length), OutputRows.Last);
        float[] cached = new float[fresh.Length];
        model.Decoder.Logits(batch, 0, 1, cached);

        Assert.Equal(fresh, cached);
    }

    [Fact]
    public void A_cache_type_that_does_not_divide_the_heads_is_refused_with_both_numbers()
    {
        ArgumentException refusal = Assert.Throws<ArgumentException>(
            () => Load("tiny/llama-gqa.gguf", new ModelOptions { CacheType = "q8_0" }));
        Assert.Contains("multiple of 32, and these have 16", refusal.Message, StringComparison.Ordinal);
    }

    private static LanguageModel Load(string file, ModelOptions options) => LanguageModel.Load(
        TestModels.PathOf(file),
        options with { ContextLength = 512 });

    private static int[] Tokens(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(384))];
    }

    private static float[] LongLogits(string file, ModelOptions options)
    {
        using LanguageModel model = Load(file, options);
        using KvCache cache = model.CreateCache();
        using KvSequence sequence = cache.Open();
        Batch batch = new();
        int width = model.Decoder.Config.VocabularySize;
        float[] logits = new float[LongLength * width];
        model.Prefill(batch, sequence, Tokens(LongLength, seed: 1), OutputRows.All, ReadChunk);
        return logits;

        void ReadChunk(int first, int length) =>
            model.Decoder.Logits(batch, 0, length, logits.AsSpan(first * width, length * width));
    }

    private static float[] LastLogits(LanguageModel model, int[] tokens)
    {
        using KvCache cache = model.CreateCache();
        using KvSequence sequence = cache.Open();
        Batch batch = new();
        model.Prefill(batch, sequence, tokens, OutputRows.Last);
        float[] logits = new float[model.Decoder.Config.VocabularySize];
        model.Decoder.Logits(batch, 0, 1, logits);
        return logits;
    }
}
