using System.Runtime.CompilerServices;

namespace Chaku.Kernels.Ops;

/// <summary>Checks of shapes at the public methods of operations.</summary>
internal static class Shape
{
    /// <summary>Refuses a span of another length.</summary>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RequireLength(long actual, long expected, string name)
    {
        if (actual != expected)
        {
            Throw(actual, expected, name);
        }
    }

    private static void Throw(long actual, long expected, string name) =>
        throw new ArgumentException($"expected {expected} values, got {actual}", name);
}
