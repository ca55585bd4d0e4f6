using BenchmarkDotNet.Attributes;
using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;

namespace Chaku.KernelBenchmarks;

/// <summary>What a layer does beside its products, in TinyLlama's sizes.</summary>
public class OperationBenchmarks : IDisposable
{
    private const int Hidden = 2048;
    private const int Inner = 5632;
    private const int Vocabulary = 32000;

    private readonly ComputePool _pool = new(Environment.ProcessorCount);
    private readonly float[] _weight = Enumerable.Repeat(1f, Hidden).ToArray();
    private float[] _x = [];
    private float[] _gate = [];
    private float[] _up = [];
    private float[] _logits = [];
    private float[] _losses = [];
    private int[] _targets = [];

    /// <summary>Rows.</summary>
    [Params(1, 8, 512)]
    public int Tokens { get; set; }

    /// <summary>Random activations.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _x = RandomActivations.Of(Tokens * Hidden);
        _gate = RandomActivations.Of(Tokens * Inner);
        _up = RandomActivations.Of(Tokens * Inner);
        _logits = RandomActivations.Of(Tokens * Vocabulary);
        _losses = new float[Tokens];
        _targets = new int[Tokens];
    }

    /// <summary>The norm before a block.</summary>
    [Benchmark]
    public void RmsNormForward() => RmsNorm.Forward(_pool, _x, _weight, 1e-5f, _x);

    /// <summary>What is between the products of a feed forward.</summary>
    [Benchmark]
    public void SwiGluForward() => ActivationFunctions.All[0].ForwardGated(_pool, _gate, _up, _gate);

    /// <summary>The loss.</summary>
    [Benchmark]
    public void CrossEntropyForward() => CrossEntropy.Forward(_pool, _logits, _targets, _losses);

    /// <summary>Ends the threads.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _pool.Dispose();
        GC.SuppressFinalize(this);
    }
}
