using Chaku.Kernels.Ops;

namespace Chaku.Kernels.Tests.Ops;

public sealed class RowSelectionTests
{
    private static readonly float[] X = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

    [Theory]
    [InlineData(new int[0])]
    [InlineData(new[] { 0 })]
    [InlineData(new[] { 4 })]
    [InlineData(new[] { 1, 2, 4 })]
    [InlineData(new[] { 0, 1, 2, 3, 4 })]
    public void What_is_gathered_in_place_and_spread_again_has_zeros_elsewhere(int[] rows)
    {
        float[] x = [.. X];
        RowSelection.Gather(x, rows, 2, x);
        Assert.Equal(rows.SelectMany(row => X.Skip(2 * row).Take(2)), x.Take(2 * rows.Length));
        float[] scattered = new float[X.Length];
        RowSelection.Scatter(x.AsSpan(0, 2 * rows.Length), rows, 2, scattered);
        RowSelection.Spread(x, rows, 2);

        Assert.Equal(X.Select((value, i) => rows.Contains(i / 2) ? value : 0), x);
        Assert.Equal(x, scattered);
    }

    [Fact]
    public void Rows_are_added_where_they_belong()
    {
        float[] x = [.. X];
        RowSelection.AddScattered([10, 20, 30, 40], [1, 3], 2, x);
        Assert.Equal([1, 2, 13, 24, 5, 6, 37, 48, 9, 10], x);
    }
}
