using System.Globalization;
using System.Text;

namespace Chaku.Training.Runs;

/// <summary>
/// The loss over the steps as a picture in SVG: of each step, a smooth line, and what was measured on what is held out.
/// The same run gives the same bytes, and a long one no larger file than a short one.
/// </summary>
internal static class LossCurve
{
    private const double Width = 720;
    private const double Height = 400;
    private const double Left = 64;
    private const double Right = 24;
    private const double Top = 56;
    private const double Bottom = 52;
    private const int Columns = (int)(Width - Left - Right);
    private const int MostCircles = 100;
    private const double LegendWidth = 96;

    // Both schemes name the same classes, so that a dark page shows a dark picture.
    private const string Style =
        """
        text{font:12px system-ui,sans-serif;fill:#555}
        .title{font-size:14px;font-weight:600;fill:#222}
        .page{fill:#fff}
        .grid{stroke:#e6e6e6}
        .axis{stroke:#999;fill:none}
        .steps{stroke:#a9c9ec;fill:none}
        .smooth{stroke:#1f6fc4;stroke-width:2;fill:none;stroke-linejoin:round}
        .held{stroke:#d1580a;stroke-width:1.5;fill:none;stroke-dasharray:4 3}
        .point{fill:#d1580a}
        @media (prefers-color-scheme:dark){
        text{fill:#aaa}
        .title{fill:#eee}
        .page{fill:#16181d}
        .grid{stroke:#2b2f37}
        .axis{stroke:#777}
        .steps{stroke:#2f4d6e}
        .smooth{stroke:#6db0f2}
        .held{stroke:#f0914c}
        .point{fill:#f0914c}
        }
        """;

    /// <summary>Draws it.</summary>
    /// <param name="title">What was trained on what.</param>
    /// <param name="history">The losses of the steps; at least one.</param>
    /// <param name="heldOut">What was measured; may be empty.</param>
    public static string Draw(string title, LossHistory history, IReadOnlyList<HeldOutLoss> heldOut)
    {
        CurveFrame frame = CurveFrame.Around(history.Points, heldOut);
        float[] smooth = history.Smooth();
        StringBuilder svg = new();
        Add(svg, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" role=\"img\">");
        Add(svg, $"<title>{Escape(title)}</title>");
        Add(svg, $"<style>\n{Style}\n</style>");
        Add(svg, $"<rect class=\"page\" width=\"{Width}\" height=\"{Height}\"/>");
        Add(svg, $"<text class=\"title\" x=\"{Left}\" y=\"24\">{Escape(title)}</text>");
        AddLosses(svg, frame);
        AddSteps(svg, frame);
        AddLine(svg, frame, "steps", history.Points);
        AddLine(svg, frame, "smooth", [.. history.Points.Select((point, i) => point with { Loss = smooth[i] })]);
        AddHeldOut(svg, frame, [.. heldOut.Select(measured => new LossPoint(measured.Step, (float)measured.Loss))]);
        AddLegend(svg, ["each step", "smoothed", .. heldOut.Count > 0 ? ["held out"] : Array.Empty<string>()]);
        return svg.Append("</svg>\n").ToString();
    }

    private static double X(CurveFrame frame, double step) => Left + (frame.X(step) * Columns);

    private static double Y(CurveFrame frame, double loss) =>
        Height - Bottom - (frame.Y(loss) * (Height - Top - Bottom));

    private static void AddLosses(StringBuilder svg, CurveFrame frame)
    {
        AxisTicks ticks = AxisTicks.Of(frame.LeastLoss, frame.MostLoss, 6);
        foreach (double loss in ticks.Values)
        {
            double y = Y(frame, loss);
            Add(svg, $"<path class=\"grid\" d=\"M{Left} {y:0.#}H{Width - Right}\"/>");
            Add(svg, $"<text x=\"{Left - 8}\" y=\"{y + 4:0.#}\" text-anchor=\"end\">{ticks.Spell(loss)}</text>");
        }

        double middle = (Top + Height - Bottom) / 2;
        string place = Text($"translate(18 {middle}) rotate(-90)");
        Add(svg, $"<text transform=\"{place}\" text-anchor=\"middle\">loss, nats a token</text>");
    }

    private static void AddSteps(StringBuilder svg, CurveFrame frame)
    {
        AxisTicks ticks = AxisTicks.Of(frame.FirstStep, frame.LastStep, 8);
        double floor = Height - Bottom;
        foreach (double step in ticks.Values.Where(double.IsInteger))
        {
            double x = X(frame, step);
            Add(svg, $"<path class=\"axis\" d=\"M{x:0.#} {floor}v5\"/>");
            Add(svg, $"<text x=\"{x:0.#}\" y=\"{floor + 19}\" text-anchor=\"middle\">{ticks.Spell(step)}</text>");
        }

        Add(svg, $"<path class=\"axis\" d=\"M{Left} {Top}V{floor}H{Width - Right}\"/>");
        Add(svg, $"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 10}\" text-anchor=\"middle\">step</text>");
    }

    private static void AddHeldOut(StringBuilder svg, CurveFrame frame, LossPoint[] measured)
    {
        AddLine(svg, frame, "held", measured);
        foreach (LossPoint point in frame.Thin(measured, MostCircles))
        {
            (double x, double y) = (X(frame, point.Step), Y(frame, point.Loss));
            Add(svg, $"<circle class=\"point\" cx=\"{x:0.#}\" cy=\"{y:0.#}\" r=\"3\"/>");
        }
    }

    private static void AddLegend(StringBuilder svg, string[] entries)
    {
        string[] classes = ["steps", "smooth", "held"];
        double x = Width - Right - (entries.Length * LegendWidth) + 8;
        foreach ((string name, string text) in classes.Zip(entries))
        {
            Add(svg, $"<path class=\"{name}\" d=\"M{x} 42h22\"/><text x=\"{x + 28}\" y=\"46\">{text}</text>");
            x += LegendWidth;
        }
    }

    private static void AddLine(
        StringBuilder svg, CurveFrame frame, string name, IReadOnlyList<LossPoint> points)
    {
        List<LossPoint> thin = frame.Thin(points, Columns);
        if (thin.Count > 1)
        {
            IEnumerable<string> places = thin.Select(point =>
                Text($"{X(frame, point.Step):0.#} {Y(frame, point.Loss):0.#}"));
            Add(svg, $"<path class=\"{name}\" d=\"M{string.Join('L', places)}\"/>");
        }
    }

    private static void Add(StringBuilder svg, FormattableString line) => svg.Append(Text(line)).Append('\n');

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    // Names come from strangers' files: what XML does not hold is left out.
    private static string Escape(string text) => string.Concat(
        text.Where(letter => !char.IsControl(letter) && !char.IsSurrogate(letter) && letter < '\uFFFE'))
        .Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal);
}
