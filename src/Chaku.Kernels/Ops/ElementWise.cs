using System.Runtime.Intrinsics;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Ops;

/// <summary>A function of one number, eight at a time; lanes do not see each other.</summary>
internal interface IElementFunction
{
    /// <summary>The function's values.</summary>
    Vector256<float> At(Vector256<float> x);
}

/// <summary>Functions of single elements over whole tensors: the loops, tails and threads.</summary>
internal static class ElementWise
{
    /// <summary>Floats that are worth handing to another thread.</summary>
    private const int FloatsPerItem = 8192;

    /// <summary>y = f(x).</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="function">f.</param>
    /// <param name="x">[n], float32.</param>
    /// <param name="y">[n]. May be <paramref name="x"/> itself; may not overlap it otherwise.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void Apply<TFunction>(
        ComputePool pool, TFunction function, ReadOnlySpan<float> x, Span<float> y)
        where TFunction : struct, IElementFunction
    {
        Shape.RequireLength(y.Length, x.Length, nameof(y));
        ApplyWork<TFunction> work = new(function, x, y);
        pool.Run(ItemCount(x.Length), ref work);
    }

    /// <summary>y = f(x) · factor.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="function">f.</param>
    /// <param name="x">[n], float32.</param>
    /// <param name="factor">[n].</param>
    /// <param name="y">
    /// [n]. May be <paramref name="x"/> or <paramref name="factor"/> itself; may not overlap them otherwise.
    /// </param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void Multiply<TFunction>(
        ComputePool pool, TFunction function, ReadOnlySpan<float> x, ReadOnlySpan<float> factor, Span<float> y)
        where TFunction : struct, IElementFunction
    {
        Shape.RequireLength(factor.Length, x.Length, nameof(factor));
        Shape.RequireLength(y.Length, x.Length, nameof(y));
        MultiplyWork<TFunction> work = new(function, x, factor, y);
        pool.Run(ItemCount(x.Length), ref work);
    }

    /// <summary>a = f(a) · b · c and b = g(a) · c, with a and b as they were before.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="f">f.</param>
    /// <param name="g">g.</param>
    /// <param name="a">[n], float32; overwritten.</param>
    /// <param name="b">[n]; overwritten.</param>
    /// <param name="c">[n]; may not overlap the others.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void MultiplyBoth<TF, TG>(
        ComputePool pool, TF f, TG g, Span<float> a, Span<float> b, ReadOnlySpan<float> c)
        where TF : struct, IElementFunction
        where TG : struct, IElementFunction
    {
        Shape.RequireLength(b.Length, a.Length, nameof(b));
        Shape.RequireLength(c.Length, a.Length, nameof(c));
        MultiplyBothWork<TF, TG> work = new(f, g, a, b, c);
        pool.Run(ItemCount(a.Length), ref work);
    }

    /// <summary>sum += x.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="x">[n], float32.</param>
    /// <param name="sum">[n], added to; may not overlap <paramref name="x"/>.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void Add(ComputePool pool, ReadOnlySpan<float> x, Span<float> sum)
    {
        Shape.RequireLength(sum.Length, x.Length, nameof(sum));
        AddWork work = new(x, sum);
        pool.Run(ItemCount(x.Length), ref work);
    }

    private static int ItemCount(int length) => (length + FloatsPerItem - 1) / FloatsPerItem;

    private readonly ref struct AddWork(ReadOnlySpan<float> x, Span<float> sum) : IParallelWork
    {
        private readonly ReadOnlySpan<float> _x = x;
        private readonly Span<float> _sum = sum;

        public void Execute(int index, Scratch scratch)
        {
            int start = index * FloatsPerItem;
            int length = Math.Min(FloatsPerItem, _x.Length - start);
            VectorMath.Add(_x.Slice(start, length), _sum.Slice(start, length));
        }
    }

    private readonly ref struct ApplyWork<TFunction>(TFunction function, ReadOnlySpan<float> x, Span<float> y)
        : IParallelWork
        where TFunction : struct, IElementFunction
    {
        private readonly TFunction _function = function;
        private readonly ReadOnlySpan<float> _x = x;
        private readonly Span<float> _y = y;

        public void Execute(int index, Scratch scratch)
        {
            int i = index * FloatsPerItem;
            int end = Math.Min(i + FloatsPerItem, _x.Length);
            for (; i <= end - VectorMath.Width; i += VectorMath.Width)
            {
                _function.At(VectorMath.Load(_x, i)).CopyTo(_y[i..]);
            }

            if (i < end)
            {
                int count = end - i;
                VectorMath.StoreTail(_function.At(VectorMath.LoadTail(in _x[i], count)), ref _y[i], count);
            }
        }
    }

    private readonly ref struct MultiplyWork<TFunction>(
        TFunction function, ReadOnlySpan<float> x, ReadOnlySpan<float> factor, Span<float> y)
        : IParallelWork
        where TFunction : struct, IElementFunction
    {
        private readonly TFunction _function = function;
        private readonly ReadOnlySpan<float> _x = x;
        private readonly ReadOnlySpan<float> _factor = factor;
        private readonly Span<float> _y = y;

        public void Execute(int index, Scratch scratch)
        {
            int i = index * FloatsPerItem;
            int end = Math.Min(i + FloatsPerItem, _x.Length);
            for (; i <= end - VectorMath.Width; i += VectorMath.Width)
            {
                (_function.At(VectorMath.Load(_x, i)) * VectorMath.Load(_factor, i)).CopyTo(_y[i..]);
            }

            if (i < end)
            {
                int count = end - i;
                Vector256<float> value = _function.At(VectorMath.LoadTail(in _x[i], count));
                VectorMath.StoreTail(value * VectorMath.LoadTail(in _factor[i], count), ref _y[i], count);
            }
        }
    }

    private readonly ref struct MultiplyBothWork<TF, TG>(
        TF f, TG g, Span<float> a, Span<float> b, ReadOnlySpan<float> c)
        : IParallelWork
        where TF : struct, IElementFunction
        where TG : struct, IElementFunction
    {
        private readonly TF _f = f;
        private readonly TG _g = g;
        private readonly Span<float> _a = a;
        private readonly Span<float> _b = b;
        private readonly ReadOnlySpan<float> _c = c;

        public void Execute(int index, Scratch scratch)
        {
            int i = index * FloatsPerItem;
            int end = Math.Min(i + FloatsPerItem, _a.Length);
            for (; i <= end - VectorMath.Width; i += VectorMath.Width)
            {
                Vector256<float> a = VectorMath.Load(_a, i);
                Vector256<float> c = VectorMath.Load(_c, i);
                (_f.At(a) * VectorMath.Load(_b, i) * c).CopyTo(_a[i..]);
                (_g.At(a) * c).CopyTo(_b[i..]);
            }

            if (i < end)
            {
                int count = end - i;
                Vector256<float> a = VectorMath.LoadTail(in _a[i], count);
                Vector256<float> c = VectorMath.LoadTail(in _c[i], count);
                VectorMath.StoreTail(_f.At(a) * VectorMath.LoadTail(in _b[i], count) * c, ref _a[i], count);
                VectorMath.StoreTail(_g.At(a) * c, ref _b[i], count);
            }
        }
    }
}
