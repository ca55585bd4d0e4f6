using Chaku.Kernels.Ops;

namespace Chaku.KernelBenchmarks;

/// <summary>Numbers as activations have them.</summary>
internal static class RandomActivations
{
    /// <summary>So many numbers in [−1, 1); the same each time.</summary>
    public static float[] Of(int count)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = (float)((2 * CounterRandom.Uniform((ulong)i, 0, 0)) - 1);
        }

        return values;
    }
}
