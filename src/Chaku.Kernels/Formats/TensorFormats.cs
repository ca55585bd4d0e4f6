using Chaku.Kernels.Formats.Panels;

namespace Chaku.Kernels.Formats;

/// <summary>The table of tensor formats. A new format is one file and one line here.</summary>
internal static class TensorFormats
{
    /// <summary>float32, which everything computed is stored as.</summary>
    public static readonly TensorFormat F32 = new TensorFormat<BlockF32>(kernel: null, new RowKernel<SingleRows>());

    /// <summary>Every format, in the order of their GGUF numbers.</summary>
    public static readonly IReadOnlyList<TensorFormat> All =
    [
        F32,
        new TensorFormat<BlockF16>(kernel: null, new RowKernel<HalfRows>()),
        Quantised<BlockQ4_0, Activation32, PanelQ4_0>(),
        Quantised<BlockQ4_1, Activation32, PanelQ4_1>(),
        Quantised<BlockQ5_0, Activation32, PanelQ5_0>(),
        Quantised<BlockQ5_1, Activation32, PanelQ5_1>(),
        Quantised<BlockQ8_0, Activation32, PanelQ8_0>(),
        Quantised<BlockQ2_K, Activation256, PanelQ2_K>(),
        Quantised<BlockQ3_K, Activation256, PanelQ3_K>(),
        Quantised<BlockQ4_K, Activation256, PanelQ4_K>(),
        Quantised<BlockQ5_K, Activation256, PanelQ5_K>(),
        Quantised<BlockQ6_K, Activation256, PanelQ6_K>(),
        new TensorFormat<BlockBF16>(kernel: null, new RowKernel<BrainRows>()),
    ];

    /// <summary>The format with this number in a GGUF file's tensor table; null where there is none.</summary>
    public static TensorFormat? FromGgmlType(long number) => All.FirstOrDefault(format => format.GgmlType == number);

    /// <summary>The format with this name, in its own spelling; null where there is none.</summary>
    public static TensorFormat? FromName(string name) => All.FirstOrDefault(format => format.Name == name);

    private static TensorFormat<TBlock> Quantised<TBlock, TActivation, TPanel>()
        where TBlock : unmanaged, IQuantBlock<TBlock, TActivation>
        where TActivation : unmanaged, IActivationBlock<TActivation>
        where TPanel : struct, IPanel<TBlock, TActivation> =>
        new(new QuantKernel<TBlock, TActivation>(PanelKernel.Create<TPanel, TBlock, TActivation>()), rows: null);
}
