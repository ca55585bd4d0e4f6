using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>How an instruction set multiplies the codes of a step with activations. The struct chooses code.</summary>
internal interface IPanelProducts
{
    /// <summary>sum + Σ stepScale · codes · activations.</summary>
    /// <param name="sum">[8 rows].</param>
    /// <param name="codes">The step's codes.</param>
    /// <param name="stepScale">The step's scale, twice for each row.</param>
    /// <param name="x">The step's first group of 4 activation codes of a tile's first token.</param>
    /// <param name="token">Bytes to that group.</param>
    /// <param name="stride">Bytes from a group to the next.</param>
    static abstract Vector256<int> Add<TPanel, TBlock, TActivation>(
        Vector256<int> sum,
        PanelCodes codes,
        Vector256<short> stepScale,
        ref readonly byte x,
        nuint token,
        nuint stride)
        where TPanel : struct, IPanel<TBlock, TActivation>
        where TBlock : unmanaged, IQuantBlock<TBlock, TActivation>
        where TActivation : unmanaged, IActivationBlock<TActivation>;
}

/// <summary>AVX2: pairs of products in 16 bits, as many of them added there as each format's codes allow.</summary>
internal readonly struct Avx2Products : IPanelProducts
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add<TPanel, TBlock, TActivation>(
        Vector256<int> sum,
        PanelCodes codes,
        Vector256<short> stepScale,
        ref readonly byte x,
        nuint token,
        nuint stride)
        where TPanel : struct, IPanel<TBlock, TActivation>
        where TBlock : unmanaged, IQuantBlock<TBlock, TActivation>
        where TActivation : unmanaged, IActivationBlock<TActivation> =>
        TPanel.AddProducts(sum, codes, stepScale, in x, token, stride);
}

/// <summary>
/// Processors that add four products to 32 bits in one instruction: no format needs to care for room.
/// </summary>
/// <typeparam name="TDot">The instruction.</typeparam>
internal readonly struct DotProducts<TDot> : IPanelProducts
    where TDot : struct, IDotProduct
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add<TPanel, TBlock, TActivation>(
        Vector256<int> sum,
        PanelCodes codes,
        Vector256<short> stepScale,
        ref readonly byte x,
        nuint token,
        nuint stride)
        where TPanel : struct, IPanel<TBlock, TActivation>
        where TBlock : unmanaged, IQuantBlock<TBlock, TActivation>
        where TActivation : unmanaged, IActivationBlock<TActivation>
    {
        if (TPanel.HasSignedCodes)
        {
            sum = TDot.AddSigned(sum, codes.First.AsSByte(), codes.Second, PanelProducts.Broadcast(in x, token));
            return TDot.AddSigned(
                sum, codes.Third.AsSByte(), codes.Fourth, PanelProducts.Broadcast(in x, token + stride));
        }

        Vector256<int> products = TPanel.HasStepScales ? Vector256<int>.Zero : sum;
        products = TDot.Add(products, codes.First, PanelProducts.Broadcast(in x, token));
        products = TDot.Add(products, codes.Second, PanelProducts.Broadcast(in x, token + stride));
        products = TDot.Add(products, codes.Third, PanelProducts.Broadcast(in x, token + (2 * stride)));
        products = TDot.Add(products, codes.Fourth, PanelProducts.Broadcast(in x, token + (3 * stride)));
        return TPanel.HasStepScales ? sum + (products * (stepScale.AsInt32() >> 16)) : products;
    }
}
