using Chaku.Kernels.Cache;
using Chaku.Model.Generation;
using Chaku.Model.Scoring;
using Chaku.Tests;

namespace Chaku.Model.Tests.Generation;

/// <summary>The loop, on a tiny model with random weights.</summary>
public sealed class GeneratorTests : IDisposable
{
    private static readonly int[] Prompt = [1, 300, 17, 259, 301];

    private static readonly GenerationOptions Greedy = new() { Temperature = 0, MaxTokens = 30 };

    private static readonly GenerationOptions Drawn = new() { Seed = 5, MaxTokens = 30 };

    private readonly LanguageModel _model = Load();

    public void Dispose() => _model.Dispose();

    [Fact]
    public void Greedy_takes_the_largest_logit_of_each_step()
    {
        int[] tokens = Tokens(_model, Prompt, Greedy);
        List<int> expected = [.. Prompt];
        float[] logits = new float[_model.Decoder.Config.VocabularySize];
        for (int step = 0; step < tokens.Length; step++)
        {
            AllLogits.Compute(_model, [.. expected], null, row => row.CopyTo(logits));
            expected.Add(Array.IndexOf(logits, logits.Max()));
        }

        Assert.Equal(expected[Prompt.Length..], tokens);
    }

    [Fact]
    public void The_same_seed_gives_the_same_tokens_for_any_threads_and_chunks_and_after_other_prompts()
    {
        int[] expected = Tokens(_model, Prompt, Drawn);
        using LanguageModel other = Load(new ModelOptions { ThreadCount = 1, ChunkLength = 2 });
        Assert.Equal(expected, Tokens(other, Prompt, Drawn));
        using Generator generator = new(_model);
        Run(generator, [1, 2, 3], Greedy);
        Run(generator, Prompt, Greedy);
        Assert.Equal(expected, Run(generator, Prompt, Drawn));
        Assert.NotEqual(expected, Run(generator, Prompt, Drawn with { Seed = 6 }));
    }

    [Fact]
    public void A_known_prefix_is_not_computed_again_and_changes_nothing()
    {
        int[] prompt = [.. Enumerable.Range(0, 3 * KvLayout.PageLength).Select(i => 1 + (i * 7 % 380))];
        using Generator generator = new(_model);
        List<int> computed = [];
        int[] first = Run(generator, prompt, Greedy, (done, all) => computed.Add(all));
        int[] second = Run(generator, [.. prompt, .. first.Take(1)], Greedy, (done, all) => computed.Add(all));
        Assert.Equal(first.Skip(1), second.SkipLast(1));
        Assert.Equal([prompt.Length, 1], computed);
    }

    [Fact]
    public void An_answer_ends_with_a_reason()
    {
        int[] tokens = Tokens(_model, Prompt, Greedy);
        Assert.Equal(FinishReason.Length, Last(Greedy).FinishReason);
        GenerationStep stopped = Last(Greedy with { StopIds = [tokens[3]] });
        Assert.Equal((FinishReason.Stop, tokens[3]), (stopped.FinishReason, stopped.Token));
        using LanguageModel small = Load(new ModelOptions { ContextLength = 12 });
        using Generator generator = new(small);
        GenerationStep[] steps = [.. generator.Run(Prompt, Greedy)];
        Assert.Equal((7, FinishReason.ContextFull), (steps.Length, steps[^1].FinishReason));
        Assert.All(steps.SkipLast(1), step => Assert.Null(step.FinishReason));
    }

    [Fact]
    public void The_vocabularys_own_end_ends_an_answer_without_a_text()
    {
        int end = _model.Tokenizer.Vocabulary.EosId!.Value;
        GenerationOptions options = Greedy with { LogitBias = new Dictionary<int, float> { [end] = 1000 } };
        GenerationStep step = Assert.Single(new Generator(_model).Run(Prompt, options));
        Assert.Equal(new GenerationStep(end, "", null, [], FinishReason.Stop), step);
    }

    [Fact]
    public void A_stop_string_ends_an_answer_and_is_no_part_of_it()
    {
        string text = Text(Greedy);
        string stop = text[(text.Length / 2)..][..3];
        string cut = Text(Greedy with { StopStrings = ["nowhere", stop] });
        Assert.Equal(text[..text.IndexOf(stop, StringComparison.Ordinal)], cut);
        Assert.Equal(FinishReason.Stop, Last(Greedy with { StopStrings = [stop] }).FinishReason);
    }

    [Fact]
    public void The_text_of_the_steps_is_what_decoding_adds_to_the_prompt()
    {
        int[] tokens = Tokens(_model, Prompt, Drawn with { MaxTokens = 200 });
        string whole = _model.Tokenizer.Decode([.. Prompt, .. tokens]);
        string before = _model.Tokenizer.Decode(Prompt);
        Assert.Equal(whole[before.Length..], Text(Drawn with { MaxTokens = 200 }));
    }

    [Fact]
    public void Log_probabilities_are_the_models_own()
    {
        float[] logits = [];
        AllLogits.Compute(_model, Prompt, null, row => logits = row.ToArray());
        GenerationOptions options = Drawn with { MaxTokens = 1, LogProbabilities = 4, Temperature = 3, TopK = 2 };
        GenerationStep step = Assert.Single(new Generator(_model).Run(Prompt, options));
        double sum = logits.Sum(logit => Math.Exp(logit));
        Assert.Equal(logits[step.Token] - Math.Log(sum), step.LogProbability!.Value, 1e-5);
        int[] best = [.. Enumerable.Range(0, logits.Length).OrderByDescending(id => logits[id]).Take(4)];
        Assert.Equal(best, step.TopLogProbabilities.Select(top => top.Token));
        Assert.All(
            step.TopLogProbabilities,
            top => Assert.Equal(logits[top.Token] - Math.Log(sum), top.LogProbability, 1e-5));
    }

    [Fact]
    public void A_prompt_longer_than_the_context_is_refused_with_both_numbers()
    {
        using LanguageModel small = Load(new ModelOptions { ContextLength = 5 });
        using Generator generator = new(small);
        ContextOverflowException exception =
            Assert.Throws<ContextOverflowException>(() => generator.Run([1, 2, 3, 4, 5, 6, 7], Greedy));
        Assert.Equal("7 tokens do not fit into the context of 5", exception.Message);
        Assert.Throws<ContextOverflowException>(() => generator.Run(Prompt, Greedy));
        Assert.Single(generator.Run([1, 2, 3, 4], Greedy));
    }

    [Fact]
    public void Cancellation_reaches_the_loop()
    {
        using CancellationTokenSource stop = new();
        using Generator generator = new(_model);
        int count = 0;
        Assert.Throws<OperationCanceledException>(() =>
        {
            foreach (GenerationStep step in generator.Run(Prompt, Greedy, null, stop.Token))
            {
                if (++count == 3)
                {
                    stop.Cancel();
                }
            }
        });
        Assert.Equal(3, count);
        Assert.Equal(Tokens(_model, Prompt, Greedy), Run(generator, Prompt, Greedy));
    }

    [Fact]
    public void A_token_allocates_nothing_but_its_text()
    {
        using Generator generator = new(_model);

        // Random bytes are seldom UTF-8, and the runtime allocates for each that is not.
        Dictionary<int, float> noBytes = Enumerable.Range(3, 256).ToDictionary(id => id, _ => float.NegativeInfinity);
        GenerationOptions options = Drawn with { MaxTokens = 60, LogitBias = noBytes, TopP = 0.9f };
        using IEnumerator<GenerationStep> steps = generator.Run([1, 300], options).GetEnumerator();
        for (int id = 0; id < _model.Tokenizer.Vocabulary.Count; id++)
        {
            // Spelled once, then known.
            _ = _model.Tokenizer.BytesOf(id);
        }

        // The list of a sequence's tokens has grown to what a page of the cache holds.
        for (int step = 0; step <= KvLayout.PageLength / 2; step++)
        {
            Assert.True(steps.MoveNext());
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        long text = 0;
        for (int step = 0; step < 25; step++)
        {
            steps.MoveNext();
            text += SizeOf(steps.Current.Text);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, text);
    }

    [Fact]
    public void The_public_way_is_the_same_loop()
    {
        string text = string.Concat(_model.Generate("abc", Greedy).Select(step => step.Text));
        int[] prompt = Generator.EncodePrompt(_model.Tokenizer, "abc");
        Assert.Equal(_model.Tokenizer.Vocabulary.BosId, prompt[0]);
        using Generator generator = new(_model);
        Assert.Equal(string.Concat(generator.Run(prompt, Greedy).Select(step => step.Text)), text);
        Assert.Throws<ArgumentException>(() => _model.Generate("abc", new GenerationOptions { TopP = 2 }));
    }

    // A string is a header of 20 bytes, its letters and an end, in multiples of 8; the empty one is shared.
    private static long SizeOf(string text) => text.Length == 0 ? 0 : (22 + (2 * text.Length) + 7) / 8 * 8;

    private static LanguageModel Load(ModelOptions? options = null) => LanguageModel.Load(
        Fixtures.TestData("models", "tiny", "llama-gqa.gguf"), options ?? new ModelOptions { ThreadCount = 2 });

    private static int[] Tokens(LanguageModel model, int[] prompt, GenerationOptions options)
    {
        using Generator generator = new(model);
        return Run(generator, prompt, options);
    }

    private static int[] Run(
        Generator generator, int[] prompt, GenerationOptions options, Action<int, int>? onPrompt = null) =>
        [.. generator.Run(prompt, options, onPrompt).Select(step => step.Token)];

    private string Text(GenerationOptions options)
    {
        using Generator generator = new(_model);
        return string.Concat(generator.Run(Prompt, options).Select(step => step.Text));
    }

    private GenerationStep Last(GenerationOptions options)
    {
        using Generator generator = new(_model);
        return generator.Run(Prompt, options).Last();
    }
}
