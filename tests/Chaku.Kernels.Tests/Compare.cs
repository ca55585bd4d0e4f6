namespace Chaku.Kernels.Tests;

/// <summary>Comparisons of tensors, whose messages say where and by how much.</summary>
internal static class Compare
{
    /// <summary>Every float has the same bits.</summary>
    public static void Bits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string context = "")
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            if (BitConverter.SingleToInt32Bits(expected[i]) != BitConverter.SingleToInt32Bits(actual[i]))
            {
                Assert.Fail($"{context} element {i}: expected {expected[i]:R}, got {actual[i]:R}");
            }
        }
    }

    /// <summary>Every float is within a bound.</summary>
    public static void Close(
        ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, double bound, string context = "")
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Close(expected[i], actual[i], bound, $"{context} element {i}");
        }
    }

    /// <summary>A float is within a bound.</summary>
    public static void Close(double expected, float actual, double bound, string context = "")
    {
        double error = Math.Abs(expected - actual);
        if (!(error <= bound))
        {
            Assert.Fail($"{context}: expected {expected:R}, got {actual:R}: {error:E2} is more than {bound:E2}");
        }
    }

    /// <summary>Every gradient is within <see cref="Tolerances.Gradient"/> of the tensor's largest.</summary>
    /// <remarks>Where all are nearly 0, terms of order 1 have cancelled: the largest counts as 0.01.</remarks>
    public static void Gradients(ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, string context = "")
    {
        double largest = 0;
        foreach (double gradient in expected)
        {
            largest = Math.Max(largest, Math.Abs(gradient));
        }

        Close(expected, actual, Tolerances.Gradient * Math.Max(largest, 0.01), context);
    }
}
