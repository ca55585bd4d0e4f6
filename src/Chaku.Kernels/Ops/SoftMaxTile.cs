using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Chaku.Kernels.Cache;

namespace Chaku.Kernels.Ops;

/// <summary>The scores of one query and one page's keys: their largest, and their powers.</summary>
internal static class SoftMaxTile
{
    private const int Length = KvLayout.PageLength;

    /// <summary>The largest score; what is not a number may be passed over, and makes its power not a number.</summary>
    /// <param name="scores">[page length].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static float Largest(ReadOnlySpan<float> scores)
    {
        const nuint Width = VectorMath.Width;
        Shape.RequireLength(scores.Length, Length, nameof(scores));
        ref float first = ref MemoryMarshal.GetReference(scores);
        Vector256<float> even = Vector256.LoadUnsafe(ref first);
        Vector256<float> odd = Vector256.LoadUnsafe(ref first, Width);
        for (nuint i = 2 * Width; i < Length; i += 2 * Width)
        {
            even = Vector256.MaxNative(even, Vector256.LoadUnsafe(ref first, i));
            odd = Vector256.MaxNative(odd, Vector256.LoadUnsafe(ref first, i + Width));
        }

        even = Vector256.MaxNative(even, odd);
        Vector128<float> four = Vector128.MaxNative(even.GetLower(), even.GetUpper());
        Vector128<float> two = Vector128.MaxNative(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return MathF.Max(two.ToScalar(), two.GetElement(1));
    }

    /// <summary>
    /// Scores become e^(score − largest), where a vector of eight has a visible one; the others stay.
    /// </summary>
    /// <param name="scores">[page length]; −∞ where not visible.</param>
    /// <param name="largest">At least each of them.</param>
    /// <param name="begin">The first that is visible.</param>
    /// <param name="end">The place behind the last.</param>
    /// <returns>Their sum: 8 chains over ascending vectors, added as in <see cref="VectorMath.Sum"/>.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static float Powers(Span<float> scores, float largest, int begin, int end)
    {
        Shape.RequireLength(scores.Length, Length, nameof(scores));
        ref float first = ref MemoryMarshal.GetReference(scores);
        Vector256<float> shift = Vector256.Create(largest);
        Vector256<float> sum = Vector256<float>.Zero;
        nuint stop = (nuint)Math.Min(end, Length);
        for (nuint i = (nuint)(begin & -VectorMath.Width); i < stop; i += VectorMath.Width)
        {
            Vector256<float> power = VectorMath.ExpOfNegative(Vector256.LoadUnsafe(ref first, i) - shift);
            power.StoreUnsafe(ref first, i);
            sum += power;
        }

        return VectorMath.Sum(sum);
    }
}
