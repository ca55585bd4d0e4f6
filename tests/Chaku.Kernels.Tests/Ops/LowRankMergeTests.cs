using System.Runtime.InteropServices;
using Chaku.Kernels.Formats;
using Chaku.Kernels.Memory;
using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Tests.Ops;

public sealed class LowRankMergeTests
{
    private const float Scale = 0.5f;

    [Theory]
    [InlineData(1, 1, 1, false)]
    [InlineData(17, 5, 2, true)]
    [InlineData(40, 67, 4, false)]
    [InlineData(33, 8192, 3, true)]
    public void Rows_are_those_of_the_changed_matrix_on_any_number_of_threads(
        int rows, int columns, int rank, bool hasScales)
    {
        Sample sample = new(rows, columns, rank, hasScales);
        using ComputePool one = new(1);
        using ComputePool three = new(3);

        byte[] single = sample.Merge(one, TensorFormats.F32, out RoundingError error);
        byte[] several = sample.Merge(three, TensorFormats.F32, out _);

        Assert.Equal(single, several);
        Assert.Equal(0, error.ErrorSquares);
        float[] merged = MemoryMarshal.Cast<byte, float>(single).ToArray();
        for (int i = 0; i < merged.Length; i++)
        {
            (double value, double magnitude) = sample.Expected(i / columns, i % columns);
            Assert.Equal(value, merged[i], Tolerances.Sum(rank + 3) * magnitude);
        }
    }

    [Theory]
    [InlineData("F16", 1.0 / (1 << 11))]
    [InlineData("BF16", 1.0 / (1 << 8))]
    public void Rounded_to_16_bits_they_are_within_half_a_place(string name, double half)
    {
        Sample sample = new(9, 40, 3, hasScales: false);
        using ComputePool pool = new(2);
        TensorFormat format = TensorFormats.FromName(name)!;

        byte[] bytes = sample.Merge(pool, format, out RoundingError error);

        float[] merged = new float[9 * 40];
        format.Dequantise(bytes, merged);
        for (int i = 0; i < merged.Length; i++)
        {
            (double value, double magnitude) = sample.Expected(i / 40, i % 40);
            Assert.Equal(value, merged[i], (half * Math.Abs(value)) + (Tolerances.Sum(8) * magnitude) + 1e-7);
        }

        Assert.True(error.IsFinite);
        Assert.InRange(error.Relative, 1e-9, half);
    }

    [Fact]
    public void Eight_bits_are_within_half_a_step_of_each_block()
    {
        // Codes are whole numbers up to 127 of a step that is a half-precision number, within 2⁻¹¹ of itself.
        const double halfStep = 1.001 * (0.5 + (127.0 / (1 << 11)));
        const int columns = 96;
        Sample sample = new(6, columns, 2, hasScales: true);
        using ComputePool pool = new(2);
        TensorFormat format = TensorFormats.FromName("Q8_0")!;

        byte[] bytes = sample.Merge(pool, format, out _);

        float[] merged = new float[6 * columns];
        format.Dequantise(bytes, merged);
        for (int i = 0; i < merged.Length; i++)
        {
            int block = i / 32 * 32;
            double largest = Enumerable.Range(block, 32)
                .Max(j => Math.Abs(sample.Expected(j / columns, j % columns).Value));
            Assert.Equal(sample.Expected(i / columns, i % columns).Value, merged[i], halfStep * largest / 127);
        }
    }

    [Fact]
    public void What_a_format_cannot_hold_is_told()
    {
        using ComputePool pool = new(1);
        WeightMatrix weight = WeightMatrix.FromSingles([1e30f, 1], 1, 2);
        byte[] row = new byte[4];
        RoundingError error = LowRankMerge.Run(
            pool, weight, new LowRankChange([1, 1], [1], 1, []), 0, TensorFormats.FromName("F16")!, row);
        Assert.False(error.IsFinite);
    }

    [Fact]
    public void Lengths_that_disagree_are_refused()
    {
        using ComputePool pool = new(1);
        WeightMatrix weight = WeightMatrix.FromSingles(new float[6], 2, 3);
        Refuse([1, 1, 1, 1], [1, 1], [], 24);
        Refuse([1, 1, 1], [1], [], 24);
        Refuse([1, 1, 1], [1, 1], [1], 24);
        Refuse([1, 1, 1], [1, 1], [], 23);

        void Refuse(float[] a, float[] b, float[] scales, int length) => Assert.Throws<ArgumentException>(() =>
            LowRankMerge.Run(
                pool, weight, new LowRankChange(a, b, 1, scales), 0, TensorFormats.F32, new byte[length]));
    }

    private sealed class Sample
    {
        private readonly Random _random;
        private readonly int _columns;
        private readonly int _rows;
        private readonly float[] _w;
        private readonly float[] _a;
        private readonly float[] _b;
        private readonly float[] _scales;

        public Sample(int rows, int columns, int rank, bool hasScales)
        {
            _random = new Random(rows);
            _rows = rows;
            _columns = columns;
            _w = Draw(rows * columns);
            _a = Draw(rank * columns);
            _b = Draw(rank * rows);
            _scales = hasScales ? Draw(rows) : [];
        }

        // In two pieces, as a large matrix is merged.
        public byte[] Merge(ComputePool pool, TensorFormat format, out RoundingError error)
        {
            WeightMatrix weight = WeightMatrix.FromSingles(_w, _rows, _columns);
            int rowByteLength = (int)format.ByteLength(_columns);
            byte[] bytes = new byte[_rows * rowByteLength];
            int first = _rows / 2;
            LowRankChange change = new(_a, _b, Scale, _scales);
            error = LowRankMerge.Run(pool, weight, change, 0, format, bytes.AsSpan(0, first * rowByteLength))
                + LowRankMerge.Run(pool, weight, change, first, format, bytes.AsSpan(first * rowByteLength));
            return bytes;
        }

        public (double Value, double Magnitude) Expected(int row, int column)
        {
            double value = _w[(row * _columns) + column];
            double magnitude = Math.Abs(value);
            for (int i = 0; i < _a.Length / _columns; i++)
            {
                double term = Scale * (double)_b[(i * _rows) + row] * _a[(i * _columns) + column];
                value += term;
                magnitude += Math.Abs(term);
            }

            double scale = _scales.Length > 0 ? _scales[row] : 1;
            return (scale * value, Math.Abs(scale) * magnitude);
        }

        private float[] Draw(int count) =>
            [.. Enumerable.Range(0, count).Select(_ => (float)(_random.NextDouble() - 0.5))];
    }
}
