using System.Runtime.InteropServices;
using Chaku.Kernels.Formats;

namespace Chaku.Kernels.Tests.Formats;

/// <summary>Reads rounded activations back.</summary>
internal static class RoundedActivations
{
    /// <summary>scale · code, exact in double precision.</summary>
    public static double[] Values(QuantKernel kernel, byte[] activations) => kernel.ActivationLength == 32
        ? [.. Blocks32(activations).SelectMany(block => Values(block.Scale, block.Codes))]
        : [.. Blocks256(activations).SelectMany(block => Values(block.Scale, block.Codes))];

    private static Activation32[] Blocks32(byte[] bytes) => MemoryMarshal.Cast<byte, Activation32>(bytes).ToArray();

    private static Activation256[] Blocks256(byte[] bytes) => MemoryMarshal.Cast<byte, Activation256>(bytes).ToArray();

    private static double[] Values(float scale, ReadOnlySpan<sbyte> codes)
    {
        double[] values = new double[codes.Length];
        for (int i = 0; i < codes.Length; i++)
        {
            values[i] = (double)scale * codes[i];
        }

        return values;
    }
}
