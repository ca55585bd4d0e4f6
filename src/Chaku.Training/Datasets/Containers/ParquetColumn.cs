using System.Text.Json;
using Parquet;
using Parquet.Schema;

namespace Chaku.Training.Datasets.Containers;

/// <summary>One column's values of a row group, with the levels that say where in a row each belongs.</summary>
/// <remarks>
/// The definition level says how many of the optional and repeated fields above a value are there, the repetition level
/// at which of the repeated ones a further item begins (Dremel, VLDB 2010).
/// </remarks>
internal abstract class ParquetColumn
{
    // The types that are read. Named here, so that a program that was compiled ahead has their code.
    private static readonly Dictionary<Type, Reader> Readers = new()
    {
        // A text is copied: its memory is the library's.
        [typeof(ReadOnlyMemory<char>)] = Values<ReadOnlyMemory<char>, string>(
            text => text.ToString(), (json, text) => json.WriteStringValue(text)),
        [typeof(bool)] = Values<bool>((json, flag) => json.WriteBooleanValue(flag)),
        [typeof(int)] = Values<int>((json, number) => json.WriteNumberValue(number)),
        [typeof(long)] = Values<long>((json, number) => json.WriteNumberValue(number)),
        [typeof(float)] = Values<float>((json, number) => WriteNumber(json, number)),
        [typeof(double)] = Values<double>(WriteNumber),
    };

    private int[] _definitions = [];
    private int[] _repetitions = [];
    private int _maximum;
    private int _position;
    private int _value;

    private delegate Task<ParquetColumn> Reader(ParquetRowGroupReader group, DataField field);

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
    public static async Task<ParquetColumn?> ReadAsync(ParquetRowGroupReader group, DataField field) =>
        Readers.TryGetValue(field.ClrType, out Reader? read)
            ? await read(group, field).ConfigureAwait(false)
            : null;

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

    private static Reader Values<T>(Action<Utf8JsonWriter, T> write)
        where T : struct => Values<T, T>(value => value, write);

    private static Reader Values<TStored, T>(Converter<TStored, T> keep, Action<Utf8JsonWriter, T> write)
        where TStored : struct => (group, field) => ReadAsync(group, field, keep, write);

    private static async Task<ParquetColumn> ReadAsync<TStored, T>(
        ParquetRowGroupReader group, DataField field, Converter<TStored, T> keep, Action<Utf8JsonWriter, T> write)
        where TStored : struct
    {
        int count = checked((int)(group.GetMetadata(field)?.MetaData?.NumValues ?? 0));
        TStored[] values = new TStored[count];
        int[] definitions = new int[count];
        int[] repetitions = new int[count];
        await group.ReadRawAsync<TStored>(field, values, definitions.AsMemory(), repetitions.AsMemory())
            .ConfigureAwait(false);
        bool isOptional = field.MaxDefinitionLevel > 0;
        int present = isOptional ? definitions.AsSpan().Count(field.MaxDefinitionLevel) : count;
        ParquetColumn column = new Of<T>(Array.ConvertAll(values[..present], keep), write);
        column._definitions = isOptional ? definitions : [];
        column._repetitions = field.MaxRepetitionLevel > 0 ? repetitions : [];
        column._maximum = field.MaxDefinitionLevel;
        return column;
    }

    private static InvalidDataException End() => new("a column has fewer values than rows");

    private sealed class Of<T>(T[] values, Action<Utf8JsonWriter, T> write) : ParquetColumn
    {
        protected override int ValueCount => values.Length;

        protected override void WriteValue(Utf8JsonWriter json, int index) => write(json, values[index]);
    }
}
