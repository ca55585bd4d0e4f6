using Chaku.Kernels.Formats;
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

    /// <summary>Whether activations stay float32 for quantised weights too.</summary>
    public readonly bool IsExact => isExact;

    /// <summary>[T, in], float32.</summary>
    public ReadOnlySpan<float> Values { get; } = values;

    /// <summary>The rounded form that a weight's format asks for; null where it multiplies with float32.</summary>
    public RoundedActivations? RoundedFor(WeightMatrix weight)
    {
        if (isExact || weight.Format.Kernel is not { } kernel)
        {
            return null;
        }

        switch (kernel.ActivationLength)
        {
            case 32:
                Round(workspace.Rounded32, kernel, weight.Columns, ref _isRounded32);
                return workspace.Rounded32;
            case 256:
                Round(workspace.Rounded256, kernel, weight.Columns, ref _isRounded256);
                return workspace.Rounded256;
            default:
                throw new ArgumentException(
                    $"activations are rounded in blocks of 32 or 256, not {kernel.ActivationLength}", nameof(weight));
        }
    }

    private readonly void Round(RoundedActivations rounded, QuantKernel kernel, int columns, ref bool isDone)
    {
        if (!isDone)
        {
            rounded.Round(workspace.Pool, kernel, Values, columns);
            isDone = true;
        }
    }
}
