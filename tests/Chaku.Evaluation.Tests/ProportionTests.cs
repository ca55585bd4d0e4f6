namespace Chaku.Evaluation.Tests;

/// <summary>Shares and their intervals.</summary>
public sealed class ProportionTests
{
    /// <summary>
    /// Published intervals: R. G. Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3 (Wilson's
    /// score without correction).
    /// </summary>
    [Theory]
    [InlineData(81, 263, 0.2553, 0.3662)]
    [InlineData(15, 148, 0.0624, 0.1605)]
    [InlineData(0, 20, 0.0000, 0.1611)]
    [InlineData(1, 29, 0.0061, 0.1718)]
    public void The_interval_is_the_published_one(int count, int total, double low, double high)
    {
        (double actualLow, double actualHigh) = new Proportion(count, total).Interval;

        Assert.Equal(low, actualLow, 4);
        Assert.Equal(high, actualHigh, 4);
    }

    [Fact]
    public void An_interval_stays_between_0_and_1_and_holds_the_share()
    {
        for (int count = 0; count <= 50; count++)
        {
            Proportion proportion = new(count, 50);
            Assert.InRange(proportion.Interval.Low, 0, proportion.Share);
            Assert.InRange(proportion.Interval.High, proportion.Share, 1);
        }
    }
}
