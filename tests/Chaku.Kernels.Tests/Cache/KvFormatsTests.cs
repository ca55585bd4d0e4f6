using Chaku.Kernels.Cache;

namespace Chaku.Kernels.Tests.Cache;

public sealed class KvFormatsTests
{
    // A cache type's rounding by .NET's own casts. Every entry of the table needs one.
    private static readonly Dictionary<string, Func<float, float>> Roundings = new()
    {
        ["f32"] = value => value,
        ["f16"] = value => (float)(Half)value,
    };

    public static TheoryData<string> Names => [.. KvFormats.All.Select(format => format.Name)];

    /// <summary>A cache type's rounding.</summary>
    internal static float[] Rounded(KvFormat format, float[] values) => [.. values.Select(Roundings[format.Name])];

    [Fact]
    public void Every_cache_type_has_a_rounding_to_compare_with() =>
        Assert.Equal(KvFormats.All.Select(format => format.Name).Order(), Roundings.Keys.Order());

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_read_back_is_what_was_written_rounded(string name)
    {
        KvFormat format = KvFormats.All.Single(entry => entry.Name == name);
        foreach (int count in new[] { 0, 1, 7, 8, 9, 64, 80, 100 })
        {
            using GuardedBuffer guarded = new();
            float[] values = [.. Values.Normal(count, count).Select((value, i) => value * MathF.Pow(10, (i % 9) - 4))];
            Span<byte> stored = guarded.End<byte>(count * format.ElementByteLength);
            format.Write(guarded.Copy<float>(values), stored);
            ReadOnlySpan<float> read = format.Read(stored, guarded.End<float>(count));
            Compare.Bits(Rounded(format, values), read, $"{name}, {count} values");
        }
    }
}
