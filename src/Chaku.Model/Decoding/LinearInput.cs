using Chaku.Kernels.Memory;
using Chaku.Kernels.Ops;

namespace Chaku.Model.Decoding;

/// <summary>The input of one or more linear layers, rounded once however many of them multiply with it.</summary>
/// <param name="workspace">Threads and the buffers that hold the rounded form.</param>
/// <param name="values">[T, in], float32.</param>
/// <param name="isExact">Activations stay float32 for quantised weights too.</param>
internal ref struct LinearInput(Workspace workspace, ReadOnlySpan<float> values, bool isExact)
{
    private bool _isRounded32;
    private bool _isRounded256;

    /// <summary>Threads and buffers.</summary>
    public readonly Workspace Workspace => workspace;

    /// <summary>[T, in], float32.</summary>
    public ReadOnlySpan<float> Values { get; } = values;

    /// <summary>The rounded form that a weight's format asks for; null where it multiplies with float32.</summary>
    public RoundedActivations? RoundedFor(WeightMatrix weight)
    {
        if (isExact || weight.Format.Kernel is not { } kernel)
        {
            return null;
        }

        bool isShort = kernel.ActivationLength == 32;
        RoundedActivations rounded = isShort ? workspace.Rounded32 : workspace.Rounded256;
        if (isShort ? !_isRounded32 : !_isRounded256)
        {
            rounded.Round(workspace.Pool, kernel, Values, weight.Columns);
            _isRounded32 |= isShort;
            _isRounded256 |= !isShort;
        }

        return rounded;
    }
}
