using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>
/// A block of a panel's sixteen rows in vectors of 512 bits, what <see cref="IPanel{TBlock, TActivation}"/> has for
/// eight. The struct holds nothing: it says where codes and scales come from.
/// </summary>
internal interface IWidePanel
{
    /// <summary>Bytes of a block.</summary>
    static abstract nuint ByteLength { get; }

    /// <summary>Has some steps' part of what comes later brought from memory, where that is worth it.</summary>
    /// <param name="block">The block at work.</param>
    /// <param name="step">Its first step that is about to be multiplied.</param>
    /// <param name="count">How many steps are.</param>
    static abstract void Prefetch(ref byte block, nuint step, nuint count);

    /// <summary>The scale of each row.</summary>
    static abstract Vector512<float> Scale(ref byte block);

    /// <summary>What is multiplied with the minima's sum.</summary>
    static abstract Vector512<float> MinimumScale(ref byte block);

    /// <summary>The factors of a pair of activation sums, for the codes' offset from zero.</summary>
    static abstract Vector512<short> Offset(ref byte block, nuint index);

    /// <summary>The factors of a pair of activation sums, for the minima.</summary>
    static abstract Vector512<short> Minimum(ref byte block, nuint index);

    /// <summary>The sums of negative codes' magnitudes, of codes that have signs.</summary>
    static abstract Vector512<int> Negatives(ref byte block);

    /// <summary>What a step's sums of two products are multiplied with.</summary>
    static abstract Vector512<short> StepScale(ref byte block, nuint step);

    /// <summary>The codes of a step; of signed ones their signs, −1 or 0, and magnitudes.</summary>
    static abstract WideCodes Codes(ref byte block, nuint step);
}

/// <summary>The codes of one step of sixteen rows, as <see cref="PanelCodes"/> has them of eight.</summary>
internal readonly struct WideCodes(
    Vector512<byte> first, Vector512<byte> second, Vector512<byte> third, Vector512<byte> fourth)
{
    public readonly Vector512<byte> First = first;
    public readonly Vector512<byte> Second = second;
    public readonly Vector512<byte> Third = third;
    public readonly Vector512<byte> Fourth = fourth;
}

/// <summary>A panel as it is: two blocks of eight rows, one behind the other.</summary>
internal readonly struct WidePacked<TPanel, TBlock, TActivation> : IWidePanel
    where TPanel : struct, IPanel<TBlock, TActivation>
    where TBlock : unmanaged, IQuantBlock<TBlock, TActivation>
    where TActivation : unmanaged, IActivationBlock<TActivation>
{
    public static nuint ByteLength
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2 * (nuint)TPanel.ByteLength;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(ref byte block, nuint step, nuint count) => PanelChains.PrefetchPart(
        ref block, 2 * TPanel.ByteLength, step / count, TPanel.StepCount / (int)count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Scale(ref byte block) =>
        Both(TPanel.Scale(ref block), TPanel.Scale(ref Other(ref block)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MinimumScale(ref byte block) =>
        Both(TPanel.MinimumScale(ref block), TPanel.MinimumScale(ref Other(ref block)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> Offset(ref byte block, nuint index) =>
        Both(TPanel.Offset(ref block, index), TPanel.Offset(ref Other(ref block), index));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> Minimum(ref byte block, nuint index) =>
        Both(TPanel.Minimum(ref block, index), TPanel.Minimum(ref Other(ref block), index));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Negatives(ref byte block) => Both(
        SignedCodes.Negatives<TPanel, TBlock, TActivation>(ref block),
        SignedCodes.Negatives<TPanel, TBlock, TActivation>(ref Other(ref block)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> StepScale(ref byte block, nuint step) => TPanel.HasStepScales
        ? Both(TPanel.StepScale(ref block, step), TPanel.StepScale(ref Other(ref block), step))
        : Vector512<short>.One;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideCodes Codes(ref byte block, nuint step)
    {
        PanelCodes a = TPanel.Codes(ref block, step), b = TPanel.Codes(ref Other(ref block), step);
        if (TPanel.HasSignedCodes)
        {
            a = SignedCodes.Signs(a);
            b = SignedCodes.Signs(b);
        }

        return new(
            Both(a.First, b.First),
            Both(a.Second, b.Second),
            Both(a.Third, b.Third),
            Both(a.Fourth, b.Fourth));
    }

    // One instruction; to create a vector of both takes two.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<T> Both<T>(Vector256<T> first, Vector256<T> other) =>
        first.ToVector512Unsafe().WithUpper(other);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref byte Other(ref byte block) => ref Unsafe.AddByteOffset(ref block, (nuint)TPanel.ByteLength);
}

/// <summary>A panel unpacked by <see cref="UnpackedPanels{TPanel, TBlock, TActivation}"/>.</summary>
internal readonly struct WideUnpacked<TPanel, TBlock, TActivation> : IWidePanel
    where TPanel : struct, IPanel<TBlock, TActivation>
    where TBlock : unmanaged, IQuantBlock<TBlock, TActivation>
    where TActivation : unmanaged, IActivationBlock<TActivation>
{
    private const nuint Pair = UnpackedPanels<TPanel, TBlock, TActivation>.PairByteLength;

    public static nuint ByteLength
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => UnpackedPanels<TPanel, TBlock, TActivation>.BlockByteLength;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(ref byte block, nuint step, nuint count)
    {
        // It was written a moment ago.
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Scale(ref byte block) => Load(ref block, 0).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MinimumScale(ref byte block) =>
        Load(ref block, UnpackedPanels<TPanel, TBlock, TActivation>.MinimumScaleAt).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> Offset(ref byte block, nuint index) =>
        Load(ref block, UnpackedPanels<TPanel, TBlock, TActivation>.OffsetsAt + (index * Pair)).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> Minimum(ref byte block, nuint index) =>
        Load(ref block, UnpackedPanels<TPanel, TBlock, TActivation>.MinimaAt + (index * Pair)).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Negatives(ref byte block) =>
        Load(ref block, UnpackedPanels<TPanel, TBlock, TActivation>.NegativesAt).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> StepScale(ref byte block, nuint step) => TPanel.HasStepScales
        ? Load(ref block, UnpackedPanels<TPanel, TBlock, TActivation>.SumAt(step)).AsInt16()
        : Vector512<short>.One;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideCodes Codes(ref byte block, nuint step)
    {
        nuint first = UnpackedPanels<TPanel, TBlock, TActivation>.CodesAt(step);
        nuint third = first + UnpackedPanels<TPanel, TBlock, TActivation>.ThirdAt;
        return new(
            Load(ref block, first),
            Load(ref block, first + Pair),
            Load(ref block, third),
            Load(ref block, third + Pair));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> Load(ref byte source, nuint at) => Vector512.LoadUnsafe(ref source, at);
}
