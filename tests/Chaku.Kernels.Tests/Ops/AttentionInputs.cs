using Chaku.Kernels.Cache;
using Chaku.Kernels.Memory;
using Chaku.Kernels.Ops;
using Chaku.Kernels.Tests.Cache;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Tests.Ops;

/// <summary>Heads, cache type, scale and what is done to the scores of a test's attention; layer 1 of 2.</summary>
internal sealed record AttentionConfig(int Heads, int KvHeads, int HeadSize, KvFormat Format)
{
    public int Window { get; init; }

    public float SoftCap { get; init; }

    public float[] Slopes { get; init; } = [];

    public float RoundedBiasFactor { get; init; }

    public KvLayout Layout => new(layerCount: 2, KvHeads, HeadSize, Format);

    public int QueryWidth => Heads * HeadSize;

    public int KvWidth => KvHeads * HeadSize;

    public AttentionShape Shape => new(Heads, Layout, Layer: 1, 1 / MathF.Sqrt(HeadSize))
    {
        Window = Window,
        SoftCap = SoftCap,
        Slopes = Slopes,
        RoundedBiasFactor = RoundedBiasFactor,
    };

    public override string ToString() =>
        $"{Heads}/{KvHeads} heads of {HeadSize}, {Format.Name}, window {Window}, cap {SoftCap}, {Slopes.Length} slopes "
        + $"{RoundedBiasFactor}";
}

/// <summary>One sequence's queries, keys and values, and its pages, in which what is not written is NaN.</summary>
internal sealed class AttentionInputs : IDisposable
{
    public AttentionInputs(AttentionConfig config, int length, int seed)
    {
        Config = config;
        Length = length;
        Queries = Values.Normal(seed, length * config.QueryWidth, deviation: 1.5);
        Keys = Values.Normal(seed + 1, length * config.KvWidth, deviation: 1.5);
        CachedValues = Values.Normal(seed + 2, length * config.KvWidth);
        int pageCount = (length + 63) / 64;
        Pages = [.. Enumerable.Range(0, pageCount).Select(_ => new NativeBuffer(config.Layout.PageByteLength))];
        Forget();
    }

    public AttentionConfig Config { get; }

    public int Length { get; }

    public float[] Queries { get; }

    public float[] Keys { get; }

    public float[] CachedValues { get; }

    public NativeBuffer[] Pages { get; }

    /// <summary>Fills the pages with NaN: every bit is set, in any of the cache types.</summary>
    public void Forget()
    {
        foreach (NativeBuffer page in Pages)
        {
            page.Span<byte>(0, checked((int)page.ByteLength)).Fill(0xFF);
        }
    }

    /// <summary>The outputs of all positions, computed in chunks of these lengths.</summary>
    public float[] Forward(ComputePool pool, int[] chunks)
    {
        Forget();
        float[] outputs = new float[Queries.Length];
        int start = 0;
        foreach (int count in chunks)
        {
            using GuardedBuffer guarded = new();
            KvSpan span = Write(start, count, firstRow: 0);
            Span<float> y = guarded.End<float>(count * Config.QueryWidth);
            Span<float> q = guarded.Copy<float>(Queries.AsSpan(start * Config.QueryWidth, y.Length));
            SelfAttention.Forward(pool, Config.Shape, [span], q, y, []);
            y.CopyTo(outputs.AsSpan(start * Config.QueryWidth));
            start += count;
        }

        Assert.Equal(Length, start);
        return outputs;
    }

    /// <summary>Writes the keys and values of some positions; they become rows of a batch.</summary>
    public KvSpan Write(int start, int count, int firstRow)
    {
        float[] keys = new float[(firstRow + count) * Config.KvWidth];
        float[] values = new float[keys.Length];
        Array.Copy(Keys, start * Config.KvWidth, keys, firstRow * Config.KvWidth, count * Config.KvWidth);
        Array.Copy(CachedValues, start * Config.KvWidth, values, firstRow * Config.KvWidth, count * Config.KvWidth);
        KvSpan span = new(Pages, start, firstRow, count);
        using ComputePool pool = new(2);
        span.Write(pool, Config.Layout, 1, keys, values);
        return span;
    }

    /// <summary>The same attention in double precision, on keys and values rounded as the cache does.</summary>
    public NaiveAttention Naive() => new(
        Config,
        Values.Doubles(Queries),
        Values.Doubles(KvFormatsTests.Rounded(Config.Format, Keys, Config.HeadSize)),
        Values.Doubles(KvFormatsTests.Rounded(Config.Format, CachedValues, Config.HeadSize)));

    public void Dispose() => Array.ForEach(Pages, page => page.Dispose());
}
