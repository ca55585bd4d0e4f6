using System.Runtime.InteropServices;
using Chaku.Kernels.Formats;
using Chaku.Tests;

namespace Chaku.Kernels.Tests.Formats;

/// <summary>Four rows of 256 weights as they lie in a file, and as an independent program dequantises them.</summary>
internal static class GoldenBlocks
{
    public static bool Exist(TensorFormat format) => File.Exists(PathOf(format, "blocks"));

    public static byte[] Blocks(TensorFormat format) => File.ReadAllBytes(PathOf(format, "blocks"));

    public static float[] Weights(TensorFormat format) =>
        MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(PathOf(format, "weights"))).ToArray();

    private static string PathOf(TensorFormat format, string extension) =>
        Fixtures.TestData("quant", $"{format.Name}.{extension}");
}
