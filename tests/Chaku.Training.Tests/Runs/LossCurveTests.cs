using System.Text;
using System.Xml.Linq;
using Chaku.Training.Runs;
using CsCheck;

namespace Chaku.Training.Tests.Runs;

public sealed class LossCurveTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(150)]
    [InlineData(100_000)]
    public void A_picture_is_xml_of_at_most_100_kilobytes_and_the_same_again(int steps)
    {
        HeldOutLoss[] heldOut = [.. Enumerable.Range(0, steps).Where(step => step % 7 == 0)
            .Select(step => new HeldOutLoss(step, 2 + (1.0 / (step + 1))))];

        string picture = LossCurve.Draw("a on b", Falling(steps), heldOut);

        Assert.Equal(picture, LossCurve.Draw("a on b", Falling(steps), heldOut));
        Assert.InRange(Encoding.UTF8.GetByteCount(picture), 1000, 100_000);
        XElement root = XDocument.Parse(picture).Root!;
        Assert.Equal(Svg + "svg", root.Name);
        Assert.Contains("prefers-color-scheme:dark", picture, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", picture, StringComparison.Ordinal);
    }

    [Fact]
    public void Everything_lies_inside_the_frame()
    {
        LossHistory history = Falling(50);
        history.Add(51, 1e9);
        XElement root = XDocument.Parse(LossCurve.Draw("t", history, [new(0, 3), new(60, 1)])).Root!;

        foreach (string path in root.Elements(Svg + "path").Attributes("d").Select(attribute => attribute.Value)
            .Where(path => path.Contains('L', StringComparison.Ordinal)))
        {
            foreach (string[] pair in path[1..].Split('L').Select(place => place.Split(' ')))
            {
                Assert.InRange(double.Parse(pair[0], null), 64, 696);
                Assert.InRange(double.Parse(pair[1], null), 56, 348);
            }
        }
    }

    [Fact]
    public void Axes_have_their_names_and_round_numbers()
    {
        string[] texts =
        [
            .. XDocument.Parse(LossCurve.Draw("t", Falling(2000), [])).Root!.Elements(Svg + "text")
                .Select(text => text.Value),
        ];

        Assert.Contains("step", texts);
        Assert.Contains("loss, nats a token", texts);
        Assert.Contains("2.0k", texts);
        Assert.DoesNotContain("held out", texts);
    }

    [Fact]
    public void A_strangers_name_stays_text() =>
        Assert.Equal(
            "<script>&\"x\" ",
            XDocument.Parse(LossCurve.Draw("<script>&\"x\"\0\ud800\uffff ", Falling(3), []))
                .Root!.Element(Svg + "title")!.Value);

    [Fact]
    public void A_loss_that_never_changes_is_a_line_in_the_middle()
    {
        LossHistory history = new();
        history.Add(1, 2);
        history.Add(2, 2);

        Assert.Contains("M64 202L696 202", LossCurve.Draw("t", history, []), StringComparison.Ordinal);
    }

    [Fact]
    public void Steps_that_are_done_again_replace_those_before()
    {
        LossHistory history = Falling(10);

        history.Add(5, 77);

        Assert.Equal([1, 2, 3, 4, 5], history.Points.Select(point => point.Step));
        Assert.Equal(77, history.Points[^1].Loss);
    }

    [Fact]
    public void A_smooth_line_stays_between_the_extremes_and_is_the_mean_of_equal_losses() =>
        Gen.Float[0.1f, 9f].Array[1, 300].Sample(losses =>
        {
            LossHistory history = new();
            for (int i = 0; i < losses.Length; i++)
            {
                history.Add(i + 1, losses[i]);
            }

            float[] smooth = history.Smooth();
            Assert.Equal(losses.Length, smooth.Length);
            Assert.Equal(losses[0], smooth[0]);
            Assert.All(smooth, loss => Assert.InRange(loss, losses.Min() - 1e-4f, losses.Max() + 1e-4f));
        }, iter: 100);

    [Fact]
    public void Ticks_are_round_within_the_range_and_told_apart() =>
        Gen.Select(Gen.Double[0, 1e6], Gen.Double[1e-3, 1e6], Gen.Int[4, 10]).Sample((least, length, count) =>
        {
            AxisTicks ticks = AxisTicks.Of(least, least + length, count);

            Assert.InRange(ticks.Values.Count, 1, (2 * count) + 1);
            double slack = 1e-6 * ticks.Step;
            Assert.All(ticks.Values, value => Assert.InRange(value, least - slack, least + length + slack));
            Assert.Equal(ticks.Values.Count, ticks.Values.Select(ticks.Spell).Distinct().Count());
        }, iter: 1000);

    private static LossHistory Falling(int steps)
    {
        LossHistory history = new();
        for (int step = 1; step <= steps; step++)
        {
            history.Add(step, 2 + (3.0 / step) + (0.3 * Math.Sin(step * 12.9898)));
        }

        return history;
    }
}
