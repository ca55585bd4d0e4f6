using System.Globalization;
using Chaku.Training;
using Chaku.Training.Runs;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Chaku.Cli.Reports;

/// <summary>The view of a tuning run in a terminal: a bar, the figures, and the curve of the loss.</summary>
/// <param name="width">Columns of the terminal.</param>
/// <param name="height">Its rows.</param>
/// <param name="isUnicode">Whether it shows more than ASCII.</param>
internal sealed class TuneScreen(int width, int height, bool isUnicode)
{
    private const int FigureWidth = 24;
    private const int NarrowFigureWidth = 19;
    private const int LabelWidth = 7;
    private const int MostCurveRows = 12;
    private const int LeastCurveRows = 4;

    // Frame of the curve, and a row below all, where the cursor stands.
    private const int RowsAroundCurve = 4;
    private const int LeastWidthForCurve = 30;
    private const long LeastStepsShown = 20;

    private static readonly Style LineStyle = new(Color.Blue);
    private static readonly Style MarkStyle = new(Color.Orange1);
    private static readonly Style QuietStyle = new(Color.Grey);

    // A terminal moves on behind its last column.
    private readonly int _columns = Math.Max(1, width - 1);

    /// <summary>Draws it.</summary>
    /// <param name="moment">How the run is.</param>
    /// <param name="isStopping">Whether it was told to stop.</param>
    public IRenderable Draw(TuneMoment moment, bool isStopping)
    {
        List<Paragraph> lines = [Bar(moment), .. Figures(moment)];
        if (isStopping)
        {
            lines.Add(Line(("stopping after this step; Ctrl-C again stops at once and keeps nothing new", MarkStyle)));
        }

        int rows = Math.Min(MostCurveRows, height - lines.Count - RowsAroundCurve);
        if (rows >= LeastCurveRows && _columns >= LeastWidthForCurve && moment.Smooth.Count > 1)
        {
            lines.AddRange(Curve(moment, rows));
        }

        return new Rows(lines);
    }

    /// <summary>A time as clocks show it: 1:02, 3:00:00.</summary>
    public static string Spell(double seconds)
    {
        TimeSpan time = TimeSpan.FromSeconds(Math.Min(Math.Round(seconds), 1e9));
        return time.TotalHours >= 1
            ? Text($"{(long)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}")
            : Text($"{time.Minutes}:{time.Seconds:00}");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private Paragraph Line(params (string Text, Style Style)[] spans)
    {
        Paragraph line = new() { Overflow = Overflow.Crop };
        int room = _columns;
        foreach ((string text, Style style) in spans)
        {
            string shown = text.Length > room ? text[..room] : text;
            line.Append(shown, style);
            room -= shown.Length;
        }

        return line;
    }

    private Paragraph Bar(TuneMoment moment)
    {
        long all = moment.Plan.StepCount;
        long done = moment.Last?.Number ?? moment.Plan.ResumedFrom;
        bool isMeasuring = moment.HeldOut.Count == 0 && moment.Plan.Data.Validation.Sequences.Count > 0;
        string left = moment.SecondsLeft is { } seconds ? $"{Spell(seconds)} left"
            : isMeasuring ? "measuring the base"
            : "first step";
        string before = Text($"step {done} of {all}  ");
        string behind = Text($"  {100.0 * done / all,3:0} %  {left}");
        int room = Math.Min(_columns - before.Length - behind.Length, 40);
        if (room < 4)
        {
            return Line((before + behind.TrimStart(), Style.Plain));
        }

        int full = (int)(room * done / all);
        return Line(
            (before, Style.Plain),
            (new string(isUnicode ? '━' : '#', full), LineStyle),
            (new string(isUnicode ? '─' : '-', room - full), QuietStyle),
            (behind, Style.Plain));
    }

    private IEnumerable<Paragraph> Figures(TuneMoment moment)
    {
        List<(string Name, string Value)> figures =
        [
            ("loss", moment.Smooth is [.., var last] ? Text($"{last.Loss:0.0000}") : "-"),
            ("held out", moment.HeldOut is [.., var measured] ? Text($"{measured.Loss:0.0000}") : "-"),
            ("gradient", moment.Last is { } step ? Text($"{step.GradientNorm:0.###}") : "-"),
            ("rate", moment.Last is { } same ? TuneField.Spell(same.LearningRate)! : "-"),
            ("tokens/s", Text($"{moment.TokensPerSecond:0}")),
            ("time", Spell(moment.Seconds)),
        ];
        if (moment.Plan.Data.Validation.Sequences.Count == 0)
        {
            figures.RemoveAt(1);
        }

        int figureWidth = _columns >= 2 * FigureWidth ? FigureWidth : NarrowFigureWidth;
        foreach ((string Name, string Value)[] row in figures.Chunk(Math.Max(1, _columns / figureWidth)))
        {
            yield return Line(
            [
                .. row.SelectMany(figure => new[]
                {
                    (figure.Name.PadRight(9), QuietStyle),
                    (figure.Value.PadRight(figureWidth - 9), Style.Plain),
                }),
            ]);
        }
    }

    // The whole run, or while little of it is done a half, a quarter and so on, so that there is something to see.
    private static long RightEdge(TuneMoment moment)
    {
        long done = moment.Smooth[^1].Step;
        long edge = moment.Plan.StepCount;
        while (edge / 2 >= 2 * done && edge / 2 >= LeastStepsShown)
        {
            edge /= 2;
        }

        return edge;
    }

    private IEnumerable<Paragraph> Curve(TuneMoment moment, int rows)
    {
        int columns = _columns - LabelWidth - 2;
        CurveFrame frame = CurveFrame.Around(moment.Smooth, moment.HeldOut, RightEdge(moment));
        TerminalCurve curve = new(columns, rows, isUnicode);
        curve.AddLine(frame, moment.Smooth);
        TerminalCurve marks = new(columns, rows, isUnicode);
        marks.AddMarks(frame, moment.HeldOut);
        yield return Line(("", Style.Plain));
        for (int row = 0; row < rows; row++)
        {
            bool isLabelled = row == 0 || row == rows - 1 || row == rows / 2;
            double loss = frame.MostLoss - ((frame.MostLoss - frame.LeastLoss) * row / (rows - 1));
            string label = isLabelled ? Text($"{loss,LabelWidth:0.00} ") : new string(' ', LabelWidth + 1);
            string edge = isUnicode ? "│" : "|";
            yield return Line([(label + edge, QuietStyle), .. Cells(curve.Row(row), marks.Row(row))]);
        }

        string floor = new(isUnicode ? '─' : '-', columns);
        yield return Line((new string(' ', LabelWidth + 1) + (isUnicode ? "└" : "+") + floor, QuietStyle));
        string first = Text($"{frame.FirstStep}");
        string end = Text($"step {frame.LastStep}");
        string legend = moment.HeldOut.Count > 0 && columns > 50
            ? $"   loss, smoothed   {(isUnicode ? TerminalCurve.Mark : 'o')} held out"
            : "";
        string left = (first + legend).PadRight(Math.Max(0, columns - end.Length));
        yield return Line((new string(' ', LabelWidth + 2) + left + end, QuietStyle));
    }

    // Marks lie above the line; cells of one kind become one span.
    private static IEnumerable<(string Text, Style Style)> Cells(string line, string marks)
    {
        int start = 0;
        for (int i = 1; i <= line.Length; i++)
        {
            if (i == line.Length || marks[i] == ' ' != (marks[start] == ' '))
            {
                bool isLine = marks[start] == ' ';
                yield return ((isLine ? line : marks)[start..i], isLine ? LineStyle : MarkStyle);
                start = i;
            }
        }
    }
}
