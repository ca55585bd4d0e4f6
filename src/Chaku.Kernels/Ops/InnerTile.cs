using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Chaku.Kernels.Ops;

/// <summary>
/// Inner products of four weight rows with tokens, three at a time, over one chunk of columns, in registers.
/// </summary>
/// <remarks>
/// Each output is one vector of 8 FMA chains: its bits are those of <see cref="FloatMatmul.DotReference"/>.
/// </remarks>
internal static class InnerTile
{
    /// <summary>Weight rows of a tile.</summary>
    public const int Rows = 4;

    /// <summary>Tokens of the wide tile: 12 accumulators, 3 activations and a weight fill 16 registers.</summary>
    public const int Tokens = 3;

    /// <summary>y[t, r] = (first chunk ? 0 : y[t, r]) + weight row r · token t.</summary>
    /// <param name="weights">
    /// [4, chunk]. Rows behind <paramref name="rowCount"/> hold anything: they are computed and not stored.
    /// </param>
    /// <param name="tokens">[T, chunk].</param>
    /// <param name="isFirst">Outputs are written, not added to.</param>
    /// <param name="y">[T, rows] at <paramref name="yStride"/>.</param>
    /// <param name="yStride">Floats from one token's outputs to the next token's.</param>
    /// <param name="rowCount">Weight rows whose outputs are stored; at most 4.</param>
    public static void Multiply(
        StridedMatrix weights, StridedMatrix tokens, bool isFirst, Span<float> y, int yStride, int rowCount)
    {
        Shape.RequireLength(weights.RowCount, Rows, nameof(weights));
        Shape.RequireLength(tokens.ColumnCount, weights.ColumnCount, nameof(tokens));
        Shape.RequireLength(weights.ColumnStride, 1, nameof(weights));
        Shape.RequireLength(tokens.ColumnStride, 1, nameof(tokens));
        if (weights.ColumnCount < VectorMath.Width)
        {
            MultiplyPadded(weights, tokens, isFirst, y, yStride, rowCount);
            return;
        }

        Chunk chunk = new(weights.ColumnCount, isFirst);
        int token = 0;
        if (rowCount == Rows)
        {
            token = tokens.RowCount / Tokens * Tokens;
            Shape.RequireStrides(y.Length, token, Rows, yStride, columnStride: 1);
            Multiply4x3(weights, tokens, token, chunk, ref MemoryMarshal.GetReference(y), (nuint)yStride);
        }

        for (; token < tokens.RowCount; token++)
        {
            Multiply4x1(weights, tokens, token, chunk, y.Slice(token * yStride, rowCount));
        }
    }

    // A chunk without a whole vector: its values in the first lanes, zeros behind them.
    private static void MultiplyPadded(
        StridedMatrix weights, StridedMatrix tokens, bool isFirst, Span<float> y, int yStride, int rowCount)
    {
        const int Width = VectorMath.Width;
        Span<float> padded = stackalloc float[(Rows + 1) * Width];
        padded.Clear();
        for (int row = 0; row < Rows; row++)
        {
            weights.Row(row).CopyTo(padded[(row * Width)..]);
        }

        Chunk chunk = new(Width, isFirst);
        StridedMatrix paddedWeights = new(padded, Rows, Width, Width);
        StridedMatrix paddedToken = new(padded[(Rows * Width)..], 1, Width, Width);
        for (int token = 0; token < tokens.RowCount; token++)
        {
            tokens.Row(token).CopyTo(padded[(Rows * Width)..]);
            Multiply4x1(paddedWeights, paddedToken, 0, chunk, y.Slice(token * yStride, rowCount));
        }
    }

    // All rows, and the tokens before an end. Nothing is called here: sums that live across a call would be stored in
    // every round of the loop.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Multiply4x3(
        StridedMatrix weights, StridedMatrix tokens, int tokenEnd, Chunk chunk, ref float y, nuint yStride)
    {
        ref float w0 = ref weights.At(0, 0);
        ref float w1 = ref weights.At(1, 0);
        ref float w2 = ref weights.At(2, 0);
        ref float w3 = ref weights.At(3, 0);
        ref float x0 = ref tokens.At(0, 0);
        nuint xStride = (nuint)tokens.RowStride;
        nuint whole = (nuint)chunk.WholeLength;
        for (int token = 0; token < tokenEnd; token += Tokens)
        {
            ref float x1 = ref Unsafe.Add(ref x0, xStride);
            ref float x2 = ref Unsafe.Add(ref x1, xStride);
            Vector256<float> a00 = default, a01 = default, a02 = default, a03 = default;
            Vector256<float> a10 = default, a11 = default, a12 = default, a13 = default;
            Vector256<float> a20 = default, a21 = default, a22 = default, a23 = default;
            for (nuint k = 0; k < whole; k += VectorMath.Width)
            {
                Vector256<float> t0 = Vector256.LoadUnsafe(ref x0, k);
                Vector256<float> t1 = Vector256.LoadUnsafe(ref x1, k);
                Vector256<float> t2 = Vector256.LoadUnsafe(ref x2, k);
                Vector256<float> w = Vector256.LoadUnsafe(ref w0, k);
                a00 = Vector256.FusedMultiplyAdd(w, t0, a00);
                a10 = Vector256.FusedMultiplyAdd(w, t1, a10);
                a20 = Vector256.FusedMultiplyAdd(w, t2, a20);
                w = Vector256.LoadUnsafe(ref w1, k);
                a01 = Vector256.FusedMultiplyAdd(w, t0, a01);
                a11 = Vector256.FusedMultiplyAdd(w, t1, a11);
                a21 = Vector256.FusedMultiplyAdd(w, t2, a21);
                w = Vector256.LoadUnsafe(ref w2, k);
                a02 = Vector256.FusedMultiplyAdd(w, t0, a02);
                a12 = Vector256.FusedMultiplyAdd(w, t1, a12);
                a22 = Vector256.FusedMultiplyAdd(w, t2, a22);
                w = Vector256.LoadUnsafe(ref w3, k);
                a03 = Vector256.FusedMultiplyAdd(w, t0, a03);
                a13 = Vector256.FusedMultiplyAdd(w, t1, a13);
                a23 = Vector256.FusedMultiplyAdd(w, t2, a23);
            }

            if (chunk.TailLength > 0)
            {
                Vector256<float> t0 = chunk.LoadTail(ref x0);
                Vector256<float> t1 = chunk.LoadTail(ref x1);
                Vector256<float> t2 = chunk.LoadTail(ref x2);
                Vector256<float> w = chunk.LoadTail(ref w0);
                a00 = Vector256.FusedMultiplyAdd(w, t0, a00);
                a10 = Vector256.FusedMultiplyAdd(w, t1, a10);
                a20 = Vector256.FusedMultiplyAdd(w, t2, a20);
                w = chunk.LoadTail(ref w1);
                a01 = Vector256.FusedMultiplyAdd(w, t0, a01);
                a11 = Vector256.FusedMultiplyAdd(w, t1, a11);
                a21 = Vector256.FusedMultiplyAdd(w, t2, a21);
                w = chunk.LoadTail(ref w2);
                a02 = Vector256.FusedMultiplyAdd(w, t0, a02);
                a12 = Vector256.FusedMultiplyAdd(w, t1, a12);
                a22 = Vector256.FusedMultiplyAdd(w, t2, a22);
                w = chunk.LoadTail(ref w3);
                a03 = Vector256.FusedMultiplyAdd(w, t0, a03);
                a13 = Vector256.FusedMultiplyAdd(w, t1, a13);
                a23 = Vector256.FusedMultiplyAdd(w, t2, a23);
            }

            chunk.Store(SumFour(a00, a01, a02, a03), ref y);
            y = ref Unsafe.Add(ref y, yStride);
            chunk.Store(SumFour(a10, a11, a12, a13), ref y);
            y = ref Unsafe.Add(ref y, yStride);
            chunk.Store(SumFour(a20, a21, a22, a23), ref y);
            y = ref Unsafe.Add(ref y, yStride);
            x0 = ref Unsafe.Add(ref x2, xStride);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Multiply4x1(StridedMatrix weights, StridedMatrix tokens, int token, Chunk chunk, Span<float> y)
    {
        ref float w0 = ref weights.At(0, 0);
        ref float w1 = ref weights.At(1, 0);
        ref float w2 = ref weights.At(2, 0);
        ref float w3 = ref weights.At(3, 0);
        ref float x0 = ref tokens.At(token, 0);
        Vector256<float> a0 = default, a1 = default, a2 = default, a3 = default;
        nuint whole = (nuint)chunk.WholeLength;
        for (nuint k = 0; k < whole; k += VectorMath.Width)
        {
            Vector256<float> t = Vector256.LoadUnsafe(ref x0, k);
            a0 = Vector256.FusedMultiplyAdd(Vector256.LoadUnsafe(ref w0, k), t, a0);
            a1 = Vector256.FusedMultiplyAdd(Vector256.LoadUnsafe(ref w1, k), t, a1);
            a2 = Vector256.FusedMultiplyAdd(Vector256.LoadUnsafe(ref w2, k), t, a2);
            a3 = Vector256.FusedMultiplyAdd(Vector256.LoadUnsafe(ref w3, k), t, a3);
        }

        if (chunk.TailLength > 0)
        {
            Vector256<float> t = chunk.LoadTail(ref x0);
            a0 = Vector256.FusedMultiplyAdd(chunk.LoadTail(ref w0), t, a0);
            a1 = Vector256.FusedMultiplyAdd(chunk.LoadTail(ref w1), t, a1);
            a2 = Vector256.FusedMultiplyAdd(chunk.LoadTail(ref w2), t, a2);
            a3 = Vector256.FusedMultiplyAdd(chunk.LoadTail(ref w3), t, a3);
        }

        chunk.Store(SumFour(a0, a1, a2, a3), y);
    }

    /// <summary>
    /// Four times <see cref="VectorMath.Sum"/>, transposed: lane r is the sum of vector r's lanes, added in the same
    /// order.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> SumFour(
        Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d)
    {
        Vector128<float> a4 = a.GetLower() + a.GetUpper();
        Vector128<float> b4 = b.GetLower() + b.GetUpper();
        Vector128<float> c4 = c.GetLower() + c.GetUpper();
        Vector128<float> d4 = d.GetLower() + d.GetUpper();
        Vector128<float> even;
        Vector128<float> odd;
        if (Sse.IsSupported)
        {
            // Lanes 0 and 1 of each beside one another, then lanes 2 and 3.
            Vector128<float> ab = Sse.UnpackLow(a4, b4) + Sse.UnpackHigh(a4, b4);
            Vector128<float> cd = Sse.UnpackLow(c4, d4) + Sse.UnpackHigh(c4, d4);
            even = Sse.MoveLowToHigh(ab, cd);
            odd = Sse.MoveHighToLow(cd, ab);
            return even + odd;
        }

        a4 += Vector128.Shuffle(a4, Vector128.Create(2, 3, 0, 1));
        b4 += Vector128.Shuffle(b4, Vector128.Create(2, 3, 0, 1));
        c4 += Vector128.Shuffle(c4, Vector128.Create(2, 3, 0, 1));
        d4 += Vector128.Shuffle(d4, Vector128.Create(2, 3, 0, 1));
        even = Vector128.Create(a4.ToScalar(), b4.ToScalar(), c4.ToScalar(), d4.ToScalar());
        odd = Vector128.Create(a4.GetElement(1), b4.GetElement(1), c4.GetElement(1), d4.GetElement(1));
        return even + odd;
    }

    /// <summary>A chunk of columns: whole vectors, a tail, and whether it is the first.</summary>
    /// <param name="length">Columns; at least one vector.</param>
    /// <param name="isFirst">Outputs are written, not added to.</param>
    private readonly struct Chunk(int length, bool isFirst)
    {
        /// <summary>Columns in whole vectors.</summary>
        public int WholeLength => length & -VectorMath.Width;

        /// <summary>Columns behind the last whole vector.</summary>
        public int TailLength => length & (VectorMath.Width - 1);

        /// <summary>The tail in the last lanes, zeros before it. Reads nothing outside the chunk.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector256<float> LoadTail(ref float start)
        {
            Vector256<int> isTail = Vector256.GreaterThanOrEqual(
                Vector256<int>.Indices, Vector256.Create(VectorMath.Width - TailLength));
            return Vector256.LoadUnsafe(ref start, (nuint)(length - VectorMath.Width)) & isTail.AsSingle();
        }

        /// <summary>Writes or adds the sums of all rows.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Store(Vector128<float> sums, ref float y)
        {
            Vector128<float> before = isFirst ? Vector128<float>.Zero : Vector128.LoadUnsafe(ref y);
            (before + sums).StoreUnsafe(ref y);
        }

        /// <summary>Writes or adds the sums of some rows.</summary>
        public void Store(Vector128<float> sums, Span<float> y)
        {
            if (y.Length == Rows)
            {
                Store(sums, ref MemoryMarshal.GetReference(y));
                return;
            }

            for (int row = 0; row < y.Length; row++)
            {
                y[row] = (isFirst ? 0 : y[row]) + sums[row];
            }
        }
    }
}
