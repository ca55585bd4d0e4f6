using Chaku.Kernels.Cache;

namespace Chaku.Kernels.Tests.Cache;

public sealed class KvFormatsTests
{
    // A cache type's rounding of a head, by .NET's own casts. Every entry of the table needs one.
    private static readonly Dictionary<string, Func<float[], float[]>> Roundings = new()
    {
        ["f32"] = head => head,
        ["f16"] = head => [.. head.Select(value => (float)(Half)value)],
        ["q8_0"] = head => [.. head.Chunk(32).SelectMany(RoundBlock)],
    };

    public static TheoryData<string> Names => [.. KvFormats.All.Select(format => format.Name)];

    /// <summary>A cache type's rounding, head by head.</summary>
    internal static float[] Rounded(KvFormat format, float[] values, int headSize) =>
        [.. values.Chunk(headSize).SelectMany(Roundings[format.Name])];

    /// <summary>The smallest head size from one on that a cache type can hold.</summary>
    internal static int Fit(KvFormat format, int headSize) =>
        (headSize + format.BlockLength - 1) / format.BlockLength * format.BlockLength;

    [Fact]
    public void Every_cache_type_has_a_rounding_to_compare_with() =>
        Assert.Equal(KvFormats.All.Select(format => format.Name).Order(), Roundings.Keys.Order());

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_read_back_is_what_was_written_rounded_and_nothing_else(string name)
    {
        KvFormat format = KvFormats.All.Single(entry => entry.Name == name);
        foreach (int size in new[] { 1, 7, 8, 20, 64, 80, 128, 256 })
        {
            using GuardedBuffer guarded = new();
            int headSize = Fit(format, size);
            float[][] heads = [.. Enumerable.Range(0, 64).Select(place => Head(place, headSize))];
            KvLayout layout = new(1, 1, headSize, format);
            Span<byte> keys = guarded.End<byte>(layout.TileByteLength);
            Span<byte> values = guarded.End<byte>(layout.TileByteLength);

            // In any order: a place changes no other.
            foreach (int place in Enumerable.Range(0, 64).Select(i => i * 37 % 64))
            {
                Span<float> head = guarded.Copy<float>(heads[place]);
                format.WriteKey(head, place, keys);
                format.WriteValue(head, place, values);
            }

            ReadOnlySpan<float> readKeys = format.ReadKeys(keys, guarded.End<float>(layout.TileLength));
            ReadOnlySpan<float> readValues = format.ReadValues(values, guarded.End<float>(layout.TileLength));
            float[] expected = Rounded(format, [.. heads.SelectMany(head => head)], headSize);
            Compare.Bits(expected, readValues, $"{name}, values of {headSize}");
            Compare.Bits(Transposed(expected, headSize), readKeys, $"{name}, keys of {headSize}");
        }
    }

    [Fact]
    public void Eight_bits_are_within_half_a_step_and_the_rounding_of_its_scale()
    {
        float[] head = Values.Normal(3, 64 * 128);
        float[] rounded = Rounded(KvFormats.Q8_0, head, 128);
        for (int block = 0; block < head.Length; block += 32)
        {
            float step = head.AsSpan(block, 32).ToArray().Max(MathF.Abs) / 127;
            for (int i = block; i < block + 32; i++)
            {
                Assert.InRange(MathF.Abs(rounded[i] - head[i]), 0, (0.5f * step) + (127 * step / 2048));
            }
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(9e6f)]
    public void What_eight_bits_cannot_hold_is_not_a_number_and_seen(float value)
    {
        float[] head = new float[32];
        head[5] = value;
        byte[] tile = new byte[64 * 34];
        KvFormats.Q8_0.WriteValue(head, 3, tile);
        ReadOnlySpan<float> read = KvFormats.Q8_0.ReadValues(tile, new float[64 * 32]);
        Assert.Contains(read.Slice(3 * 32, 32).ToArray(), number => !float.IsFinite(number));
        Assert.All(read[..(3 * 32)].ToArray(), number => Assert.Equal(0, number));
    }

    [Fact]
    public void A_head_that_blocks_do_not_divide_is_refused_with_both_numbers()
    {
        ArgumentException refusal = Assert.Throws<ArgumentException>(() => new KvLayout(1, 1, 80, KvFormats.Q8_0));
        Assert.Contains("q8_0", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("32", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("80", refusal.Message, StringComparison.Ordinal);
    }

    // ggml's quantize_row_q8_0_ref, as it is described: max / 127 in half precision, ties away from zero.
    private static IEnumerable<float> RoundBlock(float[] block)
    {
        float scale = block.Max(MathF.Abs) / 127;
        float inverse = scale == 0 ? 0 : 1 / scale;
        return block.Select(value =>
            (float)(Half)scale * (int)Math.Round(value * inverse, MidpointRounding.AwayFromZero));
    }

    private static float[] Head(int place, int headSize)
    {
        float[] head = Values.Normal(place, headSize);
        return [.. head.Select((value, i) => place == 9 ? 0 : value * MathF.Pow(10, ((place + i) % 5) - 3))];
    }

    private static float[] Transposed(float[] rows, int headSize) =>
    [
        .. Enumerable.Range(0, 64 * headSize).Select(i => rows[(i % 64 * headSize) + (i / 64)]),
    ];
}
