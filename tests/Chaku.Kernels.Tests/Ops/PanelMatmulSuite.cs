using System.Runtime.CompilerServices;
using Chaku.Kernels.Formats;
using Chaku.Kernels.Formats.Panels;
using Chaku.Kernels.Memory;
using Chaku.Kernels.Ops;
using Chaku.Kernels.Tests.Formats;
using Chaku.Kernels.Threading;
using CsCheck;
using RoundedActivations = Chaku.Kernels.Ops.RoundedActivations;

namespace Chaku.Kernels.Tests.Ops;

/// <summary>
/// The multiplication of one format: whatever the kernel, every output has the bits of the scalar reference. One NaN is
/// as good as another.
/// </summary>
public abstract class PanelMatmulSuite(string formatName)
{
    private static readonly int[] RowCounts = [1, 3, 8, 13, 16, 24, 64];
    private static readonly int[] BlockCounts = [1, 2, 5];
    private static readonly int[] TokenCounts = [1, 2, 3, 7, 8, 9, 17];
    private static readonly byte[] ExtremeBytes = [0x00, 0xFF, 0x80, 0x7F, 0x88, 0x77, 0x0F, 0xF0];

    private readonly TensorFormat _format = TensorFormats.FromName(formatName)!;

    public string FormatName => formatName;

    private QuantKernel Kernel => _format.Kernel!;

    private BlockLayout Layout => BlockLayout.Of(_format);

    [Fact]
    public void Forward_equals_the_reference_for_any_rows_blocks_and_tokens()
    {
        Random random = new(1);
        foreach (int rows in RowCounts)
        {
            foreach (int blocks in BlockCounts)
            {
                foreach (int tokens in TokenCounts)
                {
                    byte[] weights = Layout.RandomBlocks(rows * blocks, random);
                    CheckForward(weights, rows, RandomActivations(tokens * Columns(blocks), random));
                }
            }
        }
    }

    [Fact]
    public void Forward_equals_the_reference_when_a_panel_is_read_in_several_ranges()
    {
        Random random = new(2);
        int blocks = 128 * 32 / _format.BlockLength * 3;
        byte[] weights = Layout.RandomBlocks(11 * blocks, random);
        CheckForward(weights, 11, RandomActivations(10 * Columns(blocks), random));
    }

    [Fact]
    public void Forward_equals_the_reference_when_tokens_take_several_parts_of_the_cache()
    {
        Random random = new(3);
        int blocks = 32768 / _format.BlockLength;
        byte[] weights = Layout.RandomBlocks(11 * blocks, random);
        CheckForward(weights, 11, RandomActivations(18 * Columns(blocks), random));
    }

    [Fact]
    public void Forward_equals_the_reference_for_any_bytes_at_all()
    {
        Gen.Int.Sample(
            seed =>
            {
                Random random = new(seed);
                byte[] weights = new byte[9 * 2 * _format.BlockByteLength];
                random.NextBytes(weights);
                float[] x = RandomActivations(9 * Columns(2), random);
                x[random.Next(x.Length)] = float.NaN;
                CheckForward(weights, 9, x);
            },
            iter: 30);
    }

    [Fact]
    public void Forward_equals_the_reference_at_extreme_codes()
    {
        float[] constant = [.. Enumerable.Repeat(127f, 9 * Columns(2))];
        float[] negative = [.. constant.Select(value => -value)];
        float[] alternating = [.. constant.Select((value, i) => i % 2 == 0 ? value : -value)];
        foreach (byte value in ExtremeBytes)
        {
            byte[] weights = Layout.UniformBlocks(9 * 2, value, scale: 0.25f, minimum: -0.125f);
            CheckForward(weights, 9, constant);
            CheckForward(weights, 9, negative);
            CheckForward(weights, 9, alternating);
        }
    }

    [Fact]
    public void Bits_do_not_depend_on_the_number_of_threads()
    {
        Random random = new(3);
        byte[] weights = Layout.RandomBlocks(150 * 4, random);
        float[] x = RandomActivations(17 * Columns(4), random);
        float[] expected = Forward(FromBytes(weights, 150), x, threadCount: 1, repack: false);
        foreach (int threadCount in new[] { 2, 3 })
        {
            AssertSameBits(expected, Forward(FromBytes(weights, 150), x, threadCount, repack: false));
            AssertSameBits(expected, Forward(FromBytes(weights, 150), x, threadCount, repack: true));
        }
    }

    [Fact]
    public void A_token_has_the_same_bits_alone_and_in_any_batch()
    {
        Random random = new(4);
        byte[] weights = Layout.RandomBlocks(21 * 3, random);
        float[] x = RandomActivations(17 * Columns(3), random);
        float[] together = Forward(FromBytes(weights, 21), x, threadCount: 1, repack: false);
        for (int token = 0; token < 17; token++)
        {
            float[] alone = x[(token * Columns(3))..((token + 1) * Columns(3))];
            AssertSameBits(
                together.AsSpan(token * 21, 21),
                Forward(FromBytes(weights, 21), alone, threadCount: 1, repack: false));
        }
    }

    [Fact]
    public void Items_of_any_size_give_the_reference_bits()
    {
        Random random = new(9);
        byte[] weights = Layout.RandomBlocks(1000, random);
        foreach (int tokens in new[] { 1, 2, 3, 5, 7, 8, 9, 16, 17, 18, 19, 24, 41 })
        {
            float[] x = RandomActivations(tokens * Columns(1), random);
            WeightMatrix weight = FromBytes(weights, 1000);
            AssertSameBits(Reference(weight, x), Forward(weight, x, threadCount: 2, repack: true));
        }
    }

    [Fact]
    public unsafe void Nothing_is_read_behind_the_weights()
    {
        foreach (int rows in RowCounts)
        {
            using GuardedBuffer buffer = new();
            Span<byte> weights = buffer.Copy<byte>(Layout.RandomBlocks(rows * 2, new Random(rows)));
            WeightMatrix weight = new(_format, rows, Columns(2), (byte*)Unsafe.AsPointer(ref weights[0]), buffer);
            float[] x = RandomActivations(9 * Columns(2), new Random(5));
            AssertSameBits(Reference(weight, x), Forward(weight, x, threadCount: 1, repack: false));
            AssertSameBits(Reference(weight, x), Forward(weight, x, threadCount: 1, repack: true));
        }
    }

    [Fact]
    public void Nothing_is_read_or_written_behind_activations_tiles_and_panels()
    {
        PanelKernel? chosen = Kernel.Panels;
        foreach (PanelKernel kernel in RunnableKernels.Of(formatName).Concat(chosen is null ? [] : [chosen]))
        {
            CheckGuarded(kernel);
        }
    }

    [Fact]
    public void A_repeated_multiplication_allocates_nothing()
    {
        Random random = new(7);
        WeightMatrix weight = FromBytes(Layout.RandomBlocks(13 * 2, random), 13);
        float[] x = RandomActivations(9 * Columns(2), random);
        float[] y = new float[9 * 13];
        using ComputePool pool = new(1);
        using RoundedActivations rounded = new();
        long before = 0;
        for (int i = 0; i < 3; i++)
        {
            before = GC.GetAllocatedBytesForCurrentThread();
            rounded.Round(pool, Kernel, x, weight.Columns);
            QuantMatmul.Forward(pool, weight, rounded, y);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Products_in_one_dispatch_have_the_bits_of_each_alone()
    {
        Random random = new(9);
        WeightMatrix[] weights =
            [.. new[] { 150, 13, 70 }.Select(rows => FromBytes(Layout.RandomBlocks(rows * 2, random), rows))];
        foreach (int tokens in new[] { 1, 9 })
        {
            float[] x = RandomActivations(tokens * Columns(2), random);
            float[][] y = [.. weights.Select(weight => new float[tokens * weight.Rows])];
            using ComputePool pool = new(2);
            using RoundedActivations rounded = new();
            rounded.Round(pool, Kernel, x, Columns(2));
            QuantMatmul.Forward(
                pool, rounded, new(weights[0], y[0]), new(weights[1], y[1]), new(weights[2], y[2]));
            Assert.All(weights.Zip(y), pair => AssertSameBits(Reference(pair.First, x), pair.Second));
            Array.ForEach(y, Array.Clear);
            QuantMatmul.Forward(pool, rounded, new(weights[2], y[2]), new(weights[1], y[1]), default);
            Assert.All(weights.Zip(y).Skip(1), pair => AssertSameBits(Reference(pair.First, x), pair.Second));
        }
    }

    [Fact]
    public void Repacking_says_how_many_bytes_it_takes()
    {
        using ComputePool pool = new(1);
        WeightMatrix weight = FromBytes(Layout.RandomBlocks(21 * 2, new Random(8)), 21);
        long expected = Kernel.Panels is { } kernel ? 2 * 2 * kernel.BlockByteLength : 0;
        Assert.Equal(expected, weight.Repack(pool));
        Assert.Equal(expected, weight.Repack(pool));
    }

    // The codes of the last round are as large as they may be.
    private void CheckGuarded(PanelKernel kernel)
    {
        const int TileSums = PanelKernel.TileTokens * PanelKernel.Rows;
        Random random = new(6);
        int rowByteLength = 3 * _format.BlockByteLength;
        foreach (bool isExtreme in new[] { false, true })
        {
            byte[] weights = isExtreme
                ? Layout.UniformBlocks(PanelKernel.Rows * 3, 0xFF, scale: 0.25f, minimum: -0.125f)
                : Layout.RandomBlocks(PanelKernel.Rows * 3, random);
            WeightMatrix matrix = FromBytes(weights, PanelKernel.Rows);
            using GuardedBuffer buffer = new();
            Span<byte> panel = buffer.End<byte>(3 * kernel.BlockByteLength);
            kernel.Pack(buffer.Copy<byte>(weights), rowByteLength, 3, panel);
            float[] one = Activations(1);
            Span<float> sums = buffer.End<float>(PanelKernel.Rows);
            kernel.MultiplyOne(panel, Tile(buffer, one, 1), sums);
            AssertSameBits(Reference(matrix, one), sums);

            float[] eight = Activations(PanelKernel.TileTokens);
            Span<byte> tile = Tile(buffer, eight, PanelKernel.TileTokens);
            Span<float> fromPanel = buffer.End<float>(TileSums);
            kernel.MultiplyEights(panel, tile, tile.Length, fromPanel);
            AssertSameBits(Reference(matrix, eight), fromPanel);
            if (kernel.UnpackedBlockByteLength > 0)
            {
                Span<byte> unpacked = buffer.End<byte>(3 * kernel.UnpackedBlockByteLength);
                kernel.Unpack(panel, unpacked);
                Span<float> fromUnpacked = buffer.End<float>(TileSums);
                kernel.MultiplyTiles(unpacked, tile, tile.Length, fromUnpacked);
                AssertSameBits(Reference(matrix, eight), fromUnpacked);
            }

            float[] Activations(int tokens) => isExtreme
                ? [.. Enumerable.Repeat(-127f, tokens * Columns(3))]
                : RandomActivations(tokens * Columns(3), random);
        }
    }

    private Span<byte> Tile(GuardedBuffer buffer, float[] x, int tokens)
    {
        Span<byte> activations = buffer.End<byte>(tokens * Kernel.ActivationByteLength(Columns(3)));
        Kernel.Quantise(x, activations);
        Span<byte> tile = buffer.End<byte>(Kernel.TileByteLength(Columns(3), tokens));
        Kernel.PackTile(activations, tokens, 0, 1, tile);
        Kernel.PackTile(activations, tokens, 1, 2, tile);
        return tile;
    }

    private static float[] RandomActivations(int count, Random random)
    {
        float[] x = new float[count];
        for (int i = 0; i < count; i++)
        {
            x[i] = ((random.NextSingle() * 8) - 4) * (random.Next(16) == 0 ? 10 : 1);
        }

        return x;
    }

    private static void AssertSameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            bool bothNaN = float.IsNaN(expected[i]) && float.IsNaN(actual[i]);
            if (!bothNaN && BitConverter.SingleToInt32Bits(expected[i]) != BitConverter.SingleToInt32Bits(actual[i]))
            {
                Assert.Fail($"output {i} of {expected.Length}: expected {expected[i]:R}, got {actual[i]:R}");
            }
        }
    }

    private static float[] Forward(WeightMatrix weight, float[] x, int threadCount, bool repack)
    {
        using ComputePool pool = new(threadCount);
        using RoundedActivations rounded = new();
        if (repack)
        {
            weight.Repack(pool);
        }

        rounded.Round(pool, weight.Format.Kernel!, x, weight.Columns);
        float[] y = new float[x.Length / weight.Columns * weight.Rows];
        Array.Fill(y, float.NaN);
        QuantMatmul.Forward(pool, weight, rounded, y);
        return y;
    }

    private int Columns(int blocks) => blocks * _format.BlockLength;

    private WeightMatrix FromBytes(byte[] weights, int rows) =>
        WeightMatrix.FromBytes(_format, weights, rows, Columns(weights.Length / rows / _format.BlockByteLength));

    private void CheckForward(byte[] weights, int rows, float[] x)
    {
        WeightMatrix weight = FromBytes(weights, rows);
        float[] expected = Reference(weight, x);
        AssertSameBits(expected, Forward(weight, x, threadCount: 1, repack: false));
        AssertSameBits(expected, Forward(weight, x, threadCount: 1, repack: true));
    }

    private float[] Reference(WeightMatrix weight, float[] x)
    {
        byte[] activations = new byte[Kernel.ActivationByteLength(weight.Columns)];
        float[] y = new float[x.Length / weight.Columns * weight.Rows];
        for (int token = 0; token < x.Length / weight.Columns; token++)
        {
            Kernel.Quantise(x.AsSpan(token * weight.Columns, weight.Columns), activations);
            for (int row = 0; row < weight.Rows; row++)
            {
                y[(token * weight.Rows) + row] = Kernel.DotReference(weight.Row(row), activations);
            }
        }

        return y;
    }
}
