using Chaku.Training.Optimisation;

namespace Chaku.Training.Tests.Optimisation;

/// <summary>Each entry of the table against values worked out by hand, for a peak of 2 over 12 steps.</summary>
public sealed class LearningRateSchedulesTests
{
    private const double Peak = 2;
    private const int StepCount = 12;
    private const int WarmupCount = 4;

    [Theory]
    [InlineData("cosine", 4, 2)]
    [InlineData("cosine", 6, 1.7071067811865475)]
    [InlineData("cosine", 8, 1)]
    [InlineData("cosine", 12, 0)]
    [InlineData("linear", 4, 2)]
    [InlineData("linear", 6, 1.5)]
    [InlineData("linear", 8, 1)]
    [InlineData("linear", 12, 0)]
    [InlineData("constant", 4, 2)]
    [InlineData("constant", 11, 2)]
    public void Behind_the_warm_up_a_schedule_falls_as_its_formula_says(string name, long step, double expected) =>
        Assert.Equal(expected, Find(name).At(Peak, step, StepCount, WarmupCount), 1e-12);

    [Fact]
    public void Every_schedule_climbs_alike_and_begins_above_zero() => Assert.All(
        LearningRateSchedules.All,
        schedule => Assert.Equal(
            [0.5, 1, 1.5, 2], Enumerable.Range(0, 4).Select(step => schedule.At(Peak, step, StepCount, WarmupCount))));

    [Fact]
    public void A_run_that_is_all_warm_up_or_has_none_stays_within_the_peak() => Assert.All(
        LearningRateSchedules.All,
        schedule =>
        {
            Assert.Equal(Peak, schedule.At(Peak, step: 0, stepCount: 1, warmupCount: 0));
            Assert.Equal(Peak, schedule.At(Peak, step: 2, stepCount: 3, warmupCount: 3));
        });

    private static LearningRateSchedule Find(string name) =>
        Assert.Single(LearningRateSchedules.All, schedule => schedule.Name == name);
}
