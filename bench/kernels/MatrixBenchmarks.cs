using BenchmarkDotNet.Attributes;
using Chaku.Kernels.Formats;
using Chaku.Kernels.Memory;
using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;
using Chaku.Model.Files;
using Chaku.RandomModel;

namespace Chaku.KernelBenchmarks;

/// <summary>y = x · Wᵀ and its backward, for every tensor format, on one token, a few, and a prompt.</summary>
public class MatrixBenchmarks : IDisposable
{
    private const int Rows = 2048;
    private const int Columns = 2048;

    private readonly ComputePool _pool = new(Environment.ProcessorCount);
    private readonly RoundedActivations _rounded = new();
    private WeightMatrix _weight = null!;
    private float[] _x = [];
    private float[] _y = [];

    /// <summary>Names of all formats.</summary>
    public static IEnumerable<string> Formats => TensorFormats.All.Select(format => format.Name);

    /// <summary>The weights' format.</summary>
    [ParamsSource(nameof(Formats))]
    public string Format { get; set; } = "";

    /// <summary>Rows of x.</summary>
    [Params(1, 8, 512)]
    public int Tokens { get; set; }

    /// <summary>Random weights, repacked as at load where the format has panels.</summary>
    [GlobalSetup]
    public void Setup()
    {
        TensorFormat format = TensorFormats.FromName(Format)!;
        using MemoryStream bytes = new();
        TensorSource source = RandomBlocks.Of(Format).Tensor("weight", Columns, Rows, seed: 0);
        source.WriteTo(bytes);
        _weight = WeightMatrix.FromBytes(format, bytes.GetBuffer().AsSpan(0, (int)bytes.Length), Rows, Columns);
        _weight.Repack(_pool);
        _x = RandomActivations.Of(Tokens * Columns);
        _y = new float[Tokens * Rows];
    }

    /// <summary>Rounding of the activations, where the format asks for it, and the product.</summary>
    [Benchmark]
    public void Forward()
    {
        if (_weight.Format.Kernel is not { } kernel)
        {
            FloatMatmul.Forward(_pool, _weight, _x, _y);
            return;
        }

        _rounded.Round(_pool, kernel, _x, Columns);
        QuantMatmul.Forward(_pool, _weight, _rounded, _y);
    }

    /// <summary>The gradient of x: weights are dequantised on the way.</summary>
    [Benchmark]
    public void Backward() => TransposedMatmul.Accumulate(_pool, _weight, _y, _x);

    /// <summary>Ends the threads.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _rounded.Dispose();
        _pool.Dispose();
        GC.SuppressFinalize(this);
    }
}
