using System.Globalization;
using System.Text;
using Chaku.SideBySide.Measuring;
using Chaku.SideBySide.Reports;

namespace Chaku.SideBySide.Growth;

/// <summary>Results of growth as a picture in SVG: a panel for each axis, a line for each engine.</summary>
internal static class GrowthPlot
{
    private const int Columns = 2;
    private const double PanelWidth = 400;
    private const double PanelHeight = 260;
    private const double Left = 60;
    private const double Right = 20;
    private const double Top = 56;
    private const double Bottom = 46;

    // A line's class in the style sheet, by engine; both schemes name the same, so that a dark page shows a dark
    // picture.
    private static readonly IReadOnlyDictionary<string, string> Classes = new Dictionary<string, string>
    {
        ["Chaku"] = "ours",
        ["llama.cpp"] = "peer",
    };

    private const string Style =
        """
        text{font:12px system-ui,sans-serif;fill:#555}
        .title{font-size:13px;font-weight:600;fill:#222}
        .page{fill:#fff}
        .axis{stroke:#999;fill:none}
        .grid{stroke:#e6e6e6}
        .ours{stroke:#1f6fc4;fill:#1f6fc4}
        .peer{stroke:#d1580a;fill:#d1580a}
        path.ours,path.peer{stroke-width:2;fill:none;stroke-linejoin:round}
        text.ours,text.peer{stroke:none}
        @media (prefers-color-scheme:dark){
        text{fill:#aaa}
        .title{fill:#eee}
        .page{fill:#16181d}
        .grid{stroke:#2b2f37}
        .ours{stroke:#6db0f2;fill:#6db0f2}
        .peer{stroke:#f0914c;fill:#f0914c}
        }
        """;

    /// <summary>Draws it.</summary>
    public static string Draw(IReadOnlyList<Result> results)
    {
        GrowthAxis[] axes = [.. GrowthAxes.All.Where(axis => results.Any(result => result.Measurement == axis.Name))];
        int rows = (axes.Length + Columns - 1) / Columns;
        (double width, double height) = (Columns * PanelWidth, rows * PanelHeight);
        StringBuilder svg = new();
        Add(svg, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\">");
        Add(svg, $"<title>Tokens a second while one thing grows</title>");
        Add(svg, $"<style>\n{Style}\n</style>");
        Add(svg, $"<rect class=\"page\" width=\"{width}\" height=\"{height}\"/>");
        for (int i = 0; i < axes.Length; i++)
        {
            Add(svg, $"<g transform=\"translate({i % Columns * PanelWidth} {i / Columns * PanelHeight})\">");
            AddPanel(svg, axes[i], [.. results.Where(result => result.Measurement == axes[i].Name)]);
            Add(svg, $"</g>");
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static void AddPanel(StringBuilder svg, GrowthAxis axis, Result[] results)
    {
        ILookup<string, (double At, double Speed)> lines = results
            .SelectMany(
                result => result.Figures,
                (result, figures) => (figures.Label, Place: (At(result), figures.Median)))
            .ToLookup(point => point.Label, point => point.Place);
        (double At, double Speed)[] all = [.. lines.SelectMany(line => line)];
        LogScale across = LogScale.Around(all.Select(place => place.At), Left, PanelWidth - Right);
        LogScale up = LogScale.Around(all.Select(place => place.Speed), PanelHeight - Bottom, Top);
        Add(svg, $"<text class=\"title\" x=\"{Left}\" y=\"22\">{axis.Title}</text>");
        foreach (double speed in up.Ticks)
        {
            double y = up.Place(speed);
            Add(svg, $"<path class=\"grid\" d=\"M{Left} {y:0.#}H{PanelWidth - Right}\"/>");
            Add(svg, $"<text x=\"{Left - 6}\" y=\"{y + 4:0.#}\" text-anchor=\"end\">{Spell(speed)}</text>");
        }

        foreach (double at in all.Select(place => place.At).Distinct())
        {
            double x = across.Place(at);
            double floor = PanelHeight - Bottom;
            Add(svg, $"<path class=\"axis\" d=\"M{x:0.#} {floor}v4\"/>");
            Add(svg, $"<text x=\"{x:0.#}\" y=\"{floor + 16}\" text-anchor=\"middle\">{Spell(at)}</text>");
        }

        Add(svg, $"<path class=\"axis\" d=\"M{Left} {Top}V{PanelHeight - Bottom}H{PanelWidth - Right}\"/>");
        double middle = (Left + PanelWidth - Right) / 2;
        Add(svg, $"<text x=\"{middle}\" y=\"{PanelHeight - 12}\" text-anchor=\"middle\">{axis.Unit}</text>");
        double legend = Left;
        foreach (IGrouping<string, (double At, double Speed)> line in lines)
        {
            string name = Classes.GetValueOrDefault(line.Key, "axis");
            Add(svg, $"<text class=\"{name}\" x=\"{legend}\" y=\"42\">{line.Key}</text>");
            legend += 80;
            AddLine(svg, name, [.. line.OrderBy(place => place.At)], across, up);
        }
    }

    private static void AddLine(
        StringBuilder svg, string name, (double At, double Speed)[] places, LogScale across, LogScale up)
    {
        IEnumerable<string> points = places.Select(place =>
            Text($"{across.Place(place.At):0.#} {up.Place(place.Speed):0.#}"));
        Add(svg, $"<path class=\"{name}\" d=\"M{string.Join('L', points)}\"/>");
        foreach ((double at, double speed) in places)
        {
            (double x, double y) = (across.Place(at), up.Place(speed));
            Add(svg, $"<circle class=\"{name}\" cx=\"{x:0.#}\" cy=\"{y:0.#}\" r=\"3\"/>");
            string label = MarkdownPage.Number(speed);
            Add(svg, $"<text x=\"{x:0.#}\" y=\"{y - 7:0.#}\" text-anchor=\"middle\">{label}</text>");
        }
    }

    private static double At(Result result) =>
        double.Parse(result.Setup.At!.Split(' ')[0], CultureInfo.InvariantCulture);

    private static string Spell(double value) => value.ToString("G6", CultureInfo.InvariantCulture);

    private static void Add(StringBuilder svg, FormattableString line) => svg.Append(Text(line)).Append('\n');

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>Where values lie between two edges, by their logarithms.</summary>
    private sealed record LogScale(double Least, double Most, double From, double To)
    {
        /// <summary>Powers of ten, and where these are few, twice and five times them.</summary>
        public IEnumerable<double> Ticks
        {
            get
            {
                int[] steps = Most / Least < 100 ? [1, 2, 5] : [1];
                for (double power = Math.Pow(10, Math.Floor(Math.Log10(Least))); power <= Most; power *= 10)
                {
                    foreach (int step in steps.Where(step => power * step >= Least && power * step <= Most))
                    {
                        yield return power * step;
                    }
                }
            }
        }

        /// <summary>A scale with some room around its values.</summary>
        public static LogScale Around(IEnumerable<double> values, double from, double to)
        {
            double[] all = [.. values];
            return new LogScale(all.Min() / 1.25, all.Max() * 1.25, from, to);
        }

        /// <summary>A value's place.</summary>
        public double Place(double value) => From + (Math.Log(value / Least) / Math.Log(Most / Least) * (To - From));
    }
}
