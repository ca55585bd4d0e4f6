using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Formats;

/// <summary>Rows of floats that are widened to float32 in registers.</summary>
internal interface IFloatRows
{
    /// <summary>Bytes of a float.</summary>
    static abstract nuint ByteLength { get; }

    /// <summary>Eight floats of a row.</summary>
    static abstract Vector256<float> Load(ref readonly byte row, nuint column);

    /// <summary>The same where they are finite, with less work.</summary>
    static abstract Vector256<float> LoadFinite(ref readonly byte row, nuint column);

    /// <summary>
    /// The greatest magnitudes so far with those of sixteen more floats, where <see cref="LoadFinite"/> does less.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual Vector256<ushort> Magnitudes(
        Vector256<ushort> magnitudes, ref readonly byte row, nuint column) => magnitudes;
}

/// <summary>float32.</summary>
internal readonly struct SingleRows : IFloatRows
{
    public static nuint ByteLength => sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(ref readonly byte row, nuint column) =>
        Vector256.LoadUnsafe(in row, column * sizeof(float)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadFinite(ref readonly byte row, nuint column) => Load(in row, column);
}

/// <summary>Half precision.</summary>
internal readonly struct HalfRows : IFloatRows
{
    public static nuint ByteLength => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(ref readonly byte row, nuint column) =>
        Fp16.ToSingle(Vector128.LoadUnsafe(in row, column * sizeof(ushort)).AsUInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadFinite(ref readonly byte row, nuint column) =>
        Fp16.FiniteToSingle(Vector128.LoadUnsafe(in row, column * sizeof(ushort)).AsUInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> Magnitudes(Vector256<ushort> magnitudes, ref readonly byte row, nuint column) =>
        Fp16.Magnitudes(magnitudes, Vector256.LoadUnsafe(in row, column * sizeof(ushort)).AsUInt16());
}

/// <summary>The upper half of float32.</summary>
internal readonly struct BrainRows : IFloatRows
{
    public static nuint ByteLength => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(ref readonly byte row, nuint column)
    {
        (Vector128<uint> low, Vector128<uint> high) = Vector128.Widen(
            Vector128.LoadUnsafe(in row, column * sizeof(ushort)).AsUInt16());
        return (Vector256.Create(low, high) << 16).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadFinite(ref readonly byte row, nuint column) => Load(in row, column);
}
