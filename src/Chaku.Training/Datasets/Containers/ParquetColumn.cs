using System.Text.Json;
using Parquet;
using Parquet.Data;
using Parquet.Schema;

namespace Chaku.Training.Datasets.Containers;

/// <summary>One column's values of a row group, with the levels that say where in a row each belongs.</summary>
/// <remarks>
/// The definition level says how many of the optional and repeated fields above a value are there, the repetition level
/// at which of the repeated ones a further item begins (Dremel, VLDB 2010).
/// </remarks>
internal abstract class ParquetColumn
{
    private int[] _definitions = [];
    private int[] _repetitions = [];
    private int _maximum;
    private int _position;
    private int _value;

    /// <summary>Whether all rows have been read.</summary>
    public bool IsAtEnd => _position >= Length;

    /// <summary>The definition level of the value that comes next.</summary>
    public int Definition => IsAtEnd ? throw End() : _definitions.Length == 0 ? _maximum : _definitions[_position];

    /// <summary>The repetition level of the value that comes next; 0, a new row, at the end.</summary>
    public int Repetition => IsAtEnd || _repetitions.Length == 0 ? 0 : _repetitions[_position];

    private int Length => _definitions.Length > 0 ? _definitions.Length : ValueCount;

    /// <summary>Values that are not null.</summary>
    protected abstract int ValueCount { get; }

    /// <summary>Reads a column; null where its type is none that data sets of text are made of.</summary>
    public static async Task<ParquetColumn?> ReadAsync(ParquetRowGroupReader group, DataField field)
    {
        using RawColumnData raw = await group.ReadRawColumnDataBaseAsync(field).ConfigureAwait(false);
        ParquetColumn? column = raw switch
        {
            RawColumnData<ReadOnlyMemory<char>> texts => Texts(texts.Values),
            RawColumnData<bool> flags => new Of<bool>(
                flags.Values.ToArray(), (json, flag) => json.WriteBooleanValue(flag)),
            RawColumnData<int> numbers => new Of<int>(
                numbers.Values.ToArray(), (json, one) => json.WriteNumberValue(one)),
            RawColumnData<long> numbers => new Of<long>(
                numbers.Values.ToArray(), (json, one) => json.WriteNumberValue(one)),
            RawColumnData<float> numbers => new Of<float>(
                numbers.Values.ToArray(), (json, one) => WriteNumber(json, one)),
            RawColumnData<double> numbers => new Of<double>(numbers.Values.ToArray(), WriteNumber),
            _ => null,
        };
        if (column is not null)
        {
            column._definitions = field.MaxDefinitionLevel > 0 ? raw.DefinitionLevels.ToArray() : [];
            column._repetitions = field.MaxRepetitionLevel > 0 ? raw.RepetitionLevels.ToArray() : [];
            column._maximum = field.MaxDefinitionLevel;
        }

        return column;
    }

    /// <summary>Writes the next value, or null, and goes on.</summary>
    public void Write(Utf8JsonWriter json)
    {
        if (Definition == _maximum)
        {
            WriteValue(json, _value < ValueCount ? _value++ : throw End());
        }
        else
        {
            json.WriteNullValue();
        }

        _position++;
    }

    /// <summary>Goes on without the next value, which is none.</summary>
    public void Skip() => _position++;

    /// <summary>Writes a value.</summary>
    protected abstract void WriteValue(Utf8JsonWriter json, int index);

    private static void WriteNumber(Utf8JsonWriter json, double number)
    {
        if (double.IsFinite(number))
        {
            json.WriteNumberValue(number);
        }
        else
        {
            json.WriteNullValue();
        }
    }

    // Copies: the memory goes back to the library.
    private static Of<string> Texts(ReadOnlySpan<ReadOnlyMemory<char>> values)
    {
        string[] texts = new string[values.Length];
        for (int index = 0; index < texts.Length; index++)
        {
            texts[index] = values[index].ToString();
        }

        return new Of<string>(texts, (json, text) => json.WriteStringValue(text));
    }

    private static InvalidDataException End() => new("a column has fewer values than rows");

    private sealed class Of<T>(T[] values, Action<Utf8JsonWriter, T> write) : ParquetColumn
    {
        protected override int ValueCount => values.Length;

        protected override void WriteValue(Utf8JsonWriter json, int index) => write(json, values[index]);
    }
}
