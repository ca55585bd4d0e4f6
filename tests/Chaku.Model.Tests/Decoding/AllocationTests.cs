using Chaku.Model.Cache;
using Chaku.Model.Decoding;
using Chaku.Model.Generation;
using Chaku.Tests;

namespace Chaku.Model.Tests.Decoding;

/// <summary>A decoded token allocates nothing; a full page of the cache, what it is to be found by.</summary>
public sealed class AllocationTests
{
    private const int PromptLength = 70;

    // The page's key with its tokens, and what table and lists grow by.
    private const long BytesPerPage = 2048;

    private static readonly GenerationOptions Sampled = new()
    {
        Temperature = 0.8f,
        TopK = 40,
        TopP = 0.95f,
        MinP = 0.01f,
        RepetitionPenalty = 1.1f,
    };

    // Learned positions end where the model's do.
    public static TheoryData<string> Models() =>
        [.. TestModels.OfEachFamily.Except(["folders/gpt2"]).Append("quant/llama-gqa-Q4_K_M.gguf")];

    [Theory]
    [MemberData(nameof(Models))]
    public void A_decoded_token_allocates_nothing(string name)
    {
        using Run run = new(name);
        run.Decode(20);
        long before = GC.GetAllocatedBytesForCurrentThread();
        run.Decode(30);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_full_page_allocates_what_it_is_found_by_alone()
    {
        using Run run = new("tiny/llama-gqa.gguf");
        run.Decode(20);
        long before = GC.GetAllocatedBytesForCurrentThread();
        run.Decode(320);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 5 * BytesPerPage);
    }

    private sealed class Run : IDisposable
    {
        private readonly LanguageModel _model;
        private readonly KvCache _cache;
        private readonly KvSequence _sequence;
        private readonly Batch _batch = new();
        private readonly SamplerChain _chain;
        private readonly TokenHistory _history;
        private readonly float[] _logits;
        private readonly int[] _next = [1];

        public Run(string name)
        {
            _model = LanguageModel.Load(
                TestModels.PathOf(name), new ModelOptions { ContextLength = 512, ThreadCount = 2 });
            _cache = _model.CreateCache();
            _sequence = _cache.Open();
            int vocabularySize = _model.Decoder.Config.VocabularySize;
            int[] prompt = [.. Enumerable.Range(0, PromptLength).Select(i => 7 * i % vocabularySize)];
            _logits = new float[vocabularySize];
            _chain = new SamplerChain(Sampled, vocabularySize);
            _history = new TokenHistory(prompt, vocabularySize);
            _model.Prefill(_batch, _sequence, prompt, OutputRows.Last);
        }

        public void Decode(int count)
        {
            for (int step = 0; step < count; step++)
            {
                _model.Prefill(_batch, _sequence, _next, OutputRows.Last);
                _model.Decoder.Logits(_batch, 0, 1, _logits);
                _next[0] = _chain.Pick(_logits, _history, _sequence.Length);
                _history.Append(_next[0]);
            }
        }

        public void Dispose()
        {
            _sequence.Dispose();
            _cache.Dispose();
            _model.Dispose();
        }
    }
}
