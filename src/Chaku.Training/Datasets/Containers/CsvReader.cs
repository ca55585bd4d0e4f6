using System.Text;

namespace Chaku.Training.Datasets.Containers;

/// <summary>Cuts a table's text into rows and cells.</summary>
internal sealed class CsvReader
{
    private static readonly char[] Separators = [',', ';', '\t'];

    private readonly string _path;
    private readonly string _text;
    private readonly char _separator;
    private int _position;
    private int _line = 1;

    /// <summary>A reader before the first row.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="text">All of it.</param>
    public CsvReader(string path, string text)
    {
        _path = path;
        _text = text;
        string first = text[..Math.Max(text.AsSpan().IndexOfAny('\r', '\n'), 0)];
        first = first.Length == 0 ? text : first;
        _separator = Separators.MaxBy(separator => first.Count(letter => letter == separator));
    }

    /// <summary>The line in which the last row began.</summary>
    public int RowLine { get; private set; }

    /// <summary>The next row's cells; null at the end. Empty lines are no rows.</summary>
    /// <exception cref="DatasetException">A quoted cell does not end as it must.</exception>
    public List<string>? ReadRow()
    {
        while (_position < _text.Length && IsLineEnd(_text[_position]))
        {
            SkipLineEnd();
        }

        if (_position == _text.Length)
        {
            return null;
        }

        RowLine = _line;
        List<string> cells = [ReadCell()];
        while (_position < _text.Length && _text[_position] == _separator)
        {
            _position++;
            cells.Add(ReadCell());
        }

        SkipLineEnd();
        return cells;
    }

    private static bool IsLineEnd(char letter) => letter is '\r' or '\n';

    private string ReadCell()
    {
        if (_position < _text.Length && _text[_position] == '"')
        {
            return ReadQuoted();
        }

        ReadOnlySpan<char> rest = _text.AsSpan(_position);
        int length = rest.IndexOfAny(_separator, '\r', '\n');
        ReadOnlySpan<char> cell = length < 0 ? rest : rest[..length];
        _position += cell.Length;
        return cell.ToString();
    }

    private string ReadQuoted()
    {
        int firstLine = _line;
        StringBuilder cell = new();
        _position++;
        while (true)
        {
            ReadOnlySpan<char> rest = _text.AsSpan(_position);
            int length = rest.IndexOf('"');
            if (length < 0)
            {
                throw new DatasetException(
                    $"{_path}, line {firstLine}: expected a quote that ends the cell, found none");
            }

            cell.Append(rest[..length]);
            _line += LineCount(rest[..length]);
            _position += length + 1;
            if (_position < _text.Length && _text[_position] == '"')
            {
                cell.Append('"');
                _position++;
                continue;
            }

            if (_position < _text.Length && _text[_position] != _separator && !IsLineEnd(_text[_position]))
            {
                throw new DatasetException(
                    $"{_path}, line {_line}: expected the cell's end after its quote, found '{_text[_position]}'");
            }

            return cell.ToString();
        }
    }

    private static int LineCount(ReadOnlySpan<char> text)
    {
        int lines = text.Count('\n');
        for (int index = text.IndexOf('\r'); index >= 0 && index < text.Length; index++)
        {
            lines += text[index] == '\r' && (index + 1 == text.Length || text[index + 1] != '\n') ? 1 : 0;
        }

        return lines;
    }

    // One line's end: a carriage return, a line feed, or both.
    private void SkipLineEnd()
    {
        if (_position < _text.Length && _text[_position] == '\r')
        {
            _position++;
            _line += _position < _text.Length && _text[_position] == '\n' ? 0 : 1;
        }

        if (_position < _text.Length && _text[_position] == '\n')
        {
            _position++;
            _line++;
        }
    }
}
