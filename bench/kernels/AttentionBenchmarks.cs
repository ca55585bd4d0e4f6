using BenchmarkDotNet.Attributes;
using Chaku.Kernels.Cache;
using Chaku.Kernels.Memory;
using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;

namespace Chaku.KernelBenchmarks;

/// <summary>One layer's attention in TinyLlama's sizes, for every type of cache.</summary>
public class AttentionBenchmarks : IDisposable
{
    private const int Heads = 32;
    private const int KvHeads = 4;
    private const int HeadSize = 64;

    private readonly ComputePool _pool = new(Environment.ProcessorCount);
    private AttentionShape _shape;
    private KvSpan[] _spans = [];
    private float[] _q = [];
    private float[] _y = [];

    /// <summary>Names of all types of cache.</summary>
    public static IEnumerable<string> Types => KvFormats.All.Select(format => format.Name);

    /// <summary>The cache's type.</summary>
    [ParamsSource(nameof(Types))]
    public string Type { get; set; } = "";

    /// <summary>Positions in the cache.</summary>
    [Params(512, 4096)]
    public int Context { get; set; }

    /// <summary>The last so many of them are asked for.</summary>
    [Params(1, 512)]
    public int Tokens { get; set; }

    /// <summary>Random keys and values.</summary>
    [GlobalSetup]
    public void Setup()
    {
        KvLayout layout = new(1, KvHeads, HeadSize, KvFormats.All.Single(format => format.Name == Type));
        _shape = new AttentionShape(Heads, layout, 0, 0.125f);
        NativeBuffer[] pages = new NativeBuffer[Context / KvLayout.PageLength];
        for (int i = 0; i < pages.Length; i++)
        {
            pages[i] = new NativeBuffer(layout.PageByteLength);
        }

        float[] keys = RandomActivations.Of(Context * KvHeads * HeadSize);
        new KvSpan(pages, 0, 0, Context).Write(_pool, layout, 0, keys, keys);
        _spans = [new KvSpan(pages, Context - Tokens, 0, Tokens)];
        _q = RandomActivations.Of(Tokens * Heads * HeadSize);
        _y = new float[_q.Length];
    }

    /// <summary>The forward.</summary>
    [Benchmark]
    public void Forward() => SelfAttention.Forward(_pool, _shape, _spans, _q, _y, []);

    /// <summary>Frees the cache and ends the threads.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        foreach (NativeBuffer page in _spans.SelectMany(span => span.Pages))
        {
            page.Dispose();
        }

        _spans = [];
        _pool.Dispose();
        GC.SuppressFinalize(this);
    }
}
