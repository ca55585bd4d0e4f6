using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>
/// w · x = |w| · (x ^ sign) + (w &lt; 0 ? |w| : 0), where sign is −1 or 0: −x is ~x + 1. The last term is that of the
/// codes alone, added once for all tokens.
/// </summary>
internal static class SignedCodes
{
    /// <summary>Codes with their signs, −1 or 0, instead of themselves; magnitudes stay.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PanelCodes Signs(PanelCodes codes) =>
        new(Sign(codes.First), codes.Second, Sign(codes.Third), codes.Fourth);

    /// <summary>The sum of the magnitudes of each row's negative codes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Negatives<TPanel, TBlock, TActivation>(ref byte panel)
        where TPanel : struct, IPanel<TBlock, TActivation>
        where TBlock : unmanaged, IQuantBlock<TBlock, TActivation>
        where TActivation : unmanaged, IActivationBlock<TActivation>
    {
        Vector256<short> sum = Vector256<short>.Zero;
        for (nuint step = 0; step < (nuint)TPanel.StepCount; step++)
        {
            // A pair is at most 256: all steps of a block fit 16 bits.
            PanelCodes codes = Signs(TPanel.Codes(ref panel, step));
            sum += Avx2.MultiplyAddAdjacent(codes.First & codes.Second, Vector256<sbyte>.One)
                + Avx2.MultiplyAddAdjacent(codes.Third & codes.Fourth, Vector256<sbyte>.One);
        }

        return Avx2.MultiplyAddAdjacent(sum, Vector256<short>.One);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Sign(Vector256<byte> codes) =>
        Vector256.LessThan(codes.AsSByte(), Vector256<sbyte>.Zero).AsByte();
}
