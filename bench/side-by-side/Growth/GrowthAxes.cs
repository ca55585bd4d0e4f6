using System.Globalization;
using Chaku.RandomModel;
using Chaku.SideBySide.Engines;
using Chaku.SideBySide.Measuring;

namespace Chaku.SideBySide.Growth;

/// <summary>A place on an axis: what is loaded, and what is run on it.</summary>
/// <param name="At">The value on the axis.</param>
/// <param name="Shape">The model's shape.</param>
/// <param name="ThreadCount">Threads.</param>
/// <param name="Workload">What is run.</param>
internal sealed record GrowthPoint(double At, string Shape, int ThreadCount, Workload Workload);

/// <summary>One thing that grows, all others staying as they are.</summary>
/// <param name="Name">As the command line and the page spell it.</param>
/// <param name="Title">What is measured along it.</param>
/// <param name="Unit">Of the values on the axis.</param>
/// <param name="Points">The places, in ascending order.</param>
internal sealed record GrowthAxis(
    string Name, string Title, string Unit, Func<BenchOptions, IEnumerable<GrowthPoint>> Points);

/// <summary>The table of axes. A new one is one line here.</summary>
internal static class GrowthAxes
{
    private const int Prompt = 512;
    private const int UsualContext = 128;

    /// <summary>Every axis, in the order of the page.</summary>
    public static readonly IReadOnlyList<GrowthAxis> All =
    [
        new("threads", "Decode with more threads", "threads", options =>
            Threads(options, Decode(options, 1, UsualContext))),
        new("threads-prefill", "Prefill of 512 tokens with more threads", "threads", options =>
            Threads(options, Workload.Prefill(options.Sized(Prompt, UsualContext)))),
        new("sequences", "Decode of more sequences together", "sequences", options =>
            Counts(options, most: 64).Select(count =>
                new GrowthPoint(count, options.Shape, options.ThreadCount, Decode(options, count, UsualContext)))),
        new("positions", "Decode behind a longer context", "positions", options =>
            Lengths(options).Select(length =>
                new GrowthPoint(length, options.Shape, options.ThreadCount, Decode(options, 1, length)))),
        new("positions-prefill", "Prefill of a longer prompt", "positions", options =>
            Lengths(options).Select(length =>
                new GrowthPoint(length, options.Shape, options.ThreadCount, Workload.Prefill(length)))),
        new("parameters", "Decode of larger models", "million weights", options =>
            Shapes(options, Decode(options, 1, UsualContext))),
        new("parameters-prefill", "Prefill of 512 tokens with larger models", "million weights", options =>
            Shapes(options, Workload.Prefill(options.Sized(Prompt, UsualContext)))),
    ];

    private static Workload Decode(BenchOptions options, int sequences, int held) =>
        Workload.Decode(options.Sized(16, 4), sequences, held);

    private static IEnumerable<GrowthPoint> Threads(BenchOptions options, Workload workload) =>
        Counts(options, options.ThreadCount).Select(count => new GrowthPoint(count, options.Shape, count, workload));

    private static IEnumerable<GrowthPoint> Shapes(BenchOptions options, Workload workload) =>
        from name in RandomShape.All.Keys
        let millions = Math.Round(RandomShape.Of(name).WeightCount / 1e6)
        where millions < options.Sized(int.MaxValue, 200)
        select new GrowthPoint(millions, name, options.ThreadCount, workload);

    // Powers of two.
    private static IEnumerable<int> Counts(BenchOptions options, int most)
    {
        for (int count = 1; count <= Math.Min(most, options.Sized(most, 8)); count *= 2)
        {
            yield return count;
        }
    }

    private static int[] Lengths(BenchOptions options) => options.IsQuick ? [128, 256] : [128, 512, 2048, 8192];

    /// <summary>A value as tables have it.</summary>
    public static string Spell(double value) => value.ToString("0", CultureInfo.InvariantCulture);
}
