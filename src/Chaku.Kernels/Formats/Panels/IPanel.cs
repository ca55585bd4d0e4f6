using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>
/// A format's block of eight rows, interleaved for AVX2: byte vectors hold 4 consecutive bytes of each row, all others
/// one value, or one pair of int16, of each row. A row's number is its lane.
/// </summary>
/// <remarks>
/// An output's integer sum is Σ offsets · activation sums + Σ steps, where a step multiplies some codes of each row;
/// then <c>chain = fma(scale · activationScale, sum, chain)</c>, and the same with minima · activation sums where a
/// format has them. The struct holds nothing: it chooses code.
/// </remarks>
/// <typeparam name="TBlock">The block of one row.</typeparam>
/// <typeparam name="TActivation">The activation block of the same length.</typeparam>
internal interface IPanel<TBlock, TActivation>
    where TBlock : unmanaged, IQuantBlock<TBlock, TActivation>
    where TActivation : unmanaged, IActivationBlock<TActivation>
{
    /// <summary>Bytes of a block of eight rows; a multiple of 16.</summary>
    static abstract int ByteLength { get; }

    /// <summary>Steps in a block.</summary>
    static abstract int StepCount { get; }

    /// <summary>Groups of 4 activations in a step.</summary>
    static abstract int GroupsPerStep { get; }

    /// <summary>Groups whose products of two codes fit 16 bits together.</summary>
    static abstract int GroupsPerSum { get; }

    /// <summary>Whether codes have a sign, and their magnitudes beside them.</summary>
    static virtual bool HasSignedCodes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => false;
    }

    /// <summary>Whether steps have scales of their own.</summary>
    static virtual bool HasStepScales
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => false;
    }

    /// <summary>Pairs of activation sums that are multiplied with each row's own offsets, from the first on.</summary>
    static virtual int OffsetCount
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 0;
    }

    /// <summary>Whether the offset is the same for every row: the second word of a tile's sums.</summary>
    static virtual bool HasOneOffset
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => false;
    }

    /// <summary>Pairs of activation sums that are multiplied with minima.</summary>
    static virtual int MinimumCount
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 0;
    }

    /// <summary>The first of those pairs.</summary>
    static virtual int FirstMinimumSum
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 0;
    }

    /// <summary>Interleaves a block of eight rows.</summary>
    /// <param name="first">The first row's block.</param>
    /// <param name="stride">Bytes from a row to the next.</param>
    /// <param name="panel">[<see cref="ByteLength"/>].</param>
    static abstract void Pack(ref readonly TBlock first, nuint stride, ref byte panel);

    /// <summary>The scale of each row, float32; a panel begins with them, in half precision.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual Vector256<float> Scale(ref readonly byte panel) => PackedCodes.LoadHalves(in panel, 0);

    /// <summary>What is multiplied with the minima's sum, float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual Vector256<float> MinimumScale(ref readonly byte panel) => Vector256<float>.Zero;

    /// <summary>The factors of a pair of activation sums, for the codes' offset from zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual Vector256<short> Offset(ref readonly byte panel, nuint index) => Vector256<short>.Zero;

    /// <summary>The factors of a pair of activation sums, for the minima.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual Vector256<short> Minimum(ref readonly byte panel, nuint index) => Vector256<short>.Zero;

    /// <summary>What a step's sums of two products are multiplied with.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual Vector256<short> StepScale(ref readonly byte panel, nuint step) => Vector256<short>.One;

    /// <summary>The codes of a step.</summary>
    static abstract PanelCodes Codes(ref readonly byte panel, nuint step);

    /// <summary>
    /// sum + Σ stepScale · codes · activations: one of <see cref="PanelProducts"/>, by default the one for codes in
    /// [0, 31].
    /// </summary>
    /// <param name="sum">[8 rows].</param>
    /// <param name="codes">The step's codes.</param>
    /// <param name="stepScale">The step's scale.</param>
    /// <param name="x">The step's first group of 4 activation codes of a tile's first token.</param>
    /// <param name="token">Bytes to that group.</param>
    /// <param name="stride">Bytes from a group to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual Vector256<int> AddProducts(
        Vector256<int> sum,
        PanelCodes codes,
        Vector256<short> stepScale,
        ref readonly byte x,
        nuint token,
        nuint stride) =>
        PanelProducts.AddFiveBit(sum, codes, stepScale, in x, token, stride);
}

/// <summary>The codes of one step in four vectors; what each holds is between a panel and its products.</summary>
internal readonly struct PanelCodes(
    Vector256<byte> first, Vector256<byte> second, Vector256<byte> third, Vector256<byte> fourth)
{
    public readonly Vector256<byte> First = first;
    public readonly Vector256<byte> Second = second;
    public readonly Vector256<byte> Third = third;
    public readonly Vector256<byte> Fourth = fourth;
}
