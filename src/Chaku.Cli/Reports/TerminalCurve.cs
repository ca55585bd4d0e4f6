using Chaku.Training.Runs;

namespace Chaku.Cli.Reports;

/// <summary>
/// A line in the cells of a terminal: eight dots of braille in each, or one mark where there are no such letters.
/// </summary>
internal sealed class TerminalCurve
{
    /// <summary>A point that stands out.</summary>
    public const char Mark = '●';

    private const int DotColumns = 2;
    private const int DotRows = 4;
    private const char EmptyBraille = '\u2800';

    // Unicode numbers the dots of a cell down the left column, then the right, but the lowest row comes last.
    private static readonly int[,] Dots =
    {
        { 0x01, 0x02, 0x04, 0x40 },
        { 0x08, 0x10, 0x20, 0x80 },
    };

    private readonly char[,] _cells;
    private readonly bool _isBraille;

    /// <summary>An empty rectangle.</summary>
    /// <param name="columns">Cells from left to right.</param>
    /// <param name="rows">Cells from top to bottom.</param>
    /// <param name="isUnicode">Whether the terminal shows more than ASCII.</param>
    public TerminalCurve(int columns, int rows, bool isUnicode)
    {
        _isBraille = isUnicode;
        _cells = new char[rows, columns];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                _cells[row, column] = ' ';
            }
        }
    }

    private int Columns => _cells.GetLength(1);

    private int Rows => _cells.GetLength(0);

    /// <summary>The letters of a row, the topmost first.</summary>
    public string Row(int row) => string.Concat(Enumerable.Range(0, Columns).Select(column => _cells[row, column]));

    /// <summary>Draws a line through points.</summary>
    public void AddLine(CurveFrame frame, IReadOnlyList<LossPoint> points)
    {
        int wide = _isBraille ? Columns * DotColumns : Columns;
        int high = _isBraille ? Rows * DotRows : Rows;
        (int X, int Y)? before = null;
        foreach (LossPoint point in frame.Thin(points, wide))
        {
            (int X, int Y) place = Place(frame, point.Step, point.Loss, wide, high);
            Connect(before ?? place, place);
            before = place;
        }
    }

    /// <summary>Draws a mark at each point.</summary>
    public void AddMarks(CurveFrame frame, IEnumerable<HeldOutLoss> points)
    {
        foreach (HeldOutLoss point in points)
        {
            (int x, int y) = Place(frame, point.Step, point.Loss, Columns, Rows);
            _cells[y, x] = _isBraille ? Mark : 'o';
        }
    }

    private static (int X, int Y) Place(CurveFrame frame, long step, double loss, int wide, int high) =>
        ((int)Math.Round(frame.X(step) * (wide - 1)), (int)Math.Round((1 - frame.Y(loss)) * (high - 1)));

    // Steps along the longer side, so that no gap is left.
    private void Connect((int X, int Y) from, (int X, int Y) to)
    {
        int count = Math.Max(Math.Abs(to.X - from.X), Math.Abs(to.Y - from.Y));
        for (int i = 0; i <= count; i++)
        {
            double share = count == 0 ? 0 : (double)i / count;
            Set(
                (int)Math.Round(from.X + (share * (to.X - from.X))),
                (int)Math.Round(from.Y + (share * (to.Y - from.Y))));
        }
    }

    private void Set(int x, int y)
    {
        if (!_isBraille)
        {
            _cells[y, x] = '*';
            return;
        }

        ref char cell = ref _cells[y / DotRows, x / DotColumns];
        cell = cell == ' ' ? EmptyBraille : cell;
        cell |= (char)Dots[x % DotColumns, y % DotRows];
    }
}
