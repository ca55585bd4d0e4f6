using System.Runtime.Intrinsics.X86;
using Chaku.Kernels.Formats;
using Chaku.Kernels.Formats.Panels;

namespace Chaku.Kernels.Tests.Ops;

/// <summary>
/// Every kernel that runs here, the one of this processor or not: by dot products, written with any processor's
/// vectors, and by the real instructions where they are.
/// </summary>
internal static class RunnableKernels
{
    public static IReadOnlyList<PanelKernel> Of(string format) => format switch
    {
        "Q4_0" => All<PanelQ4_0, BlockQ4_0, Activation32>(),
        "Q4_1" => All<PanelQ4_1, BlockQ4_1, Activation32>(),
        "Q5_0" => All<PanelQ5_0, BlockQ5_0, Activation32>(),
        "Q5_1" => All<PanelQ5_1, BlockQ5_1, Activation32>(),
        "Q8_0" => All<PanelQ8_0, BlockQ8_0, Activation32>(),
        "Q2_K" => All<PanelQ2_K, BlockQ2_K, Activation256>(),
        "Q3_K" => All<PanelQ3_K, BlockQ3_K, Activation256>(),
        "Q4_K" => All<PanelQ4_K, BlockQ4_K, Activation256>(),
        "Q5_K" => All<PanelQ5_K, BlockQ5_K, Activation256>(),
        "Q6_K" => All<PanelQ6_K, BlockQ6_K, Activation256>(),
        _ => throw new ArgumentException($"no panels for {format}", nameof(format)),
    };

    private static List<PanelKernel> All<TPanel, TBlock, TActivation>()
        where TPanel : struct, IPanel<TBlock, TActivation>
        where TBlock : unmanaged, IQuantBlock<TBlock, TActivation>
        where TActivation : unmanaged, IActivationBlock<TActivation> =>
        [
            new PanelKernel<TPanel, TBlock, TActivation, DotProducts<PortableDot>>(),
            .. When<VnniDot, TPanel, TBlock, TActivation>(),
            .. When<ArmDot, TPanel, TBlock, TActivation>(),
            .. If(Avx2.IsSupported, () => new UnpackingPanelKernel<TPanel, TBlock, TActivation>()),
            .. If(Avx512BW.IsSupported, () => new WidePanelKernel<TPanel, TBlock, TActivation>()),
        ];

    private static PanelKernel[] When<TDot, TPanel, TBlock, TActivation>()
        where TDot : struct, IDotProduct
        where TPanel : struct, IPanel<TBlock, TActivation>
        where TBlock : unmanaged, IQuantBlock<TBlock, TActivation>
        where TActivation : unmanaged, IActivationBlock<TActivation> =>
        If(TDot.IsSupported, () => new PanelKernel<TPanel, TBlock, TActivation, DotProducts<TDot>>());

    private static PanelKernel[] If(bool isSupported, Func<PanelKernel> create) => isSupported ? [create()] : [];
}
