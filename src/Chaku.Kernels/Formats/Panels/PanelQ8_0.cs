using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>Eight rows of <see cref="BlockQ8_0"/>: scales (16 bytes), codes (256).</summary>
internal readonly struct PanelQ8_0 : IPanel<BlockQ8_0, Activation32>
{
    private const int CodesAt = 16;

    public static int ByteLength => CodesAt + 256;

    public static int StepCount => 4;

    public static int GroupsPerStep => 2;

    public static int GroupsPerSum => 1;

    public static bool HasSignedCodes => true;

    public static void Pack(ref readonly BlockQ8_0 first, nuint stride, ref byte panel)
    {
        ref BlockQ8_0 block = ref Unsafe.AsRef(in first);
        Interleaving.Halves(in block.Scale, stride).AsByte().StoreUnsafe(ref panel);
        ref byte codes = ref Unsafe.As<BlockQ8_0.Codes32, byte>(ref block.Codes);
        Interleaving.Bytes(in codes, stride, 32, ref Unsafe.AddByteOffset(ref panel, CodesAt));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PanelCodes Codes(ref readonly byte panel, nuint step)
    {
        Vector256<byte> first = Vector256.LoadUnsafe(in panel, CodesAt + (step * 64));
        Vector256<byte> second = Vector256.LoadUnsafe(in panel, CodesAt + 32 + (step * 64));
        return new(first, Magnitude(first), second, Magnitude(second));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddProducts(
        Vector256<int> sum,
        PanelCodes codes,
        Vector256<short> stepScale,
        ref readonly byte x,
        nuint token,
        nuint stride) =>
        PanelProducts.AddSigned(sum, codes, stepScale, in x, token, stride);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Magnitude(Vector256<byte> codes) => Vector256.Abs(codes.AsSByte()).AsByte();
}
