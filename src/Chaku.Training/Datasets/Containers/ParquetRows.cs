using System.Text.Json;
using Parquet;
using Parquet.Schema;

namespace Chaku.Training.Datasets.Containers;

/// <summary>Puts a row group's columns together to rows.</summary>
/// <param name="fields">The tree of columns.</param>
/// <param name="columns">The columns that were read, by their place in the tree; the others are left out.</param>
internal sealed class ParquetRows(IReadOnlyList<Field> fields, Dictionary<FieldPath, ParquetColumn> columns)
{
    /// <summary>Reads a row group's columns.</summary>
    public static async Task<ParquetRows> ReadAsync(ParquetSchema schema, ParquetRowGroupReader group)
    {
        Dictionary<FieldPath, ParquetColumn> columns = [];
        foreach (DataField field in schema.GetDataFields())
        {
            if (await ParquetColumn.ReadAsync(group, field).ConfigureAwait(false) is { } column)
            {
                columns.Add(field.Path, column);
            }
        }

        return new ParquetRows(schema.Fields, columns);
    }

    /// <summary>Writes the next row's fields.</summary>
    public void WriteRow(Utf8JsonWriter json) => WriteFields(json, fields);

    private void WriteFields(Utf8JsonWriter json, IEnumerable<Field> inner)
    {
        foreach (Field field in inner)
        {
            if (First(field) is { } first)
            {
                json.WritePropertyName(field.Name);
                Write(json, field, first);
            }
        }
    }

    private void Write(Utf8JsonWriter json, Field field, ParquetColumn first)
    {
        switch (field)
        {
            case ListField list:
                WriteItems(json, list.MaxDefinitionLevel, list.MaxRepetitionLevel, list, first, () =>
                    Write(json, list.Item, first));
                break;
            case DataField { IsArray: true } items:
                WriteItems(json, items.MaxDefinitionLevel, items.MaxRepetitionLevel, items, first, () =>
                    first.Write(json));
                break;
            case DataField:
                first.Write(json);
                break;
            case StructField group when first.Definition >= group.MaxDefinitionLevel:
                json.WriteStartObject();
                WriteFields(json, group.Fields);
                json.WriteEndObject();
                break;
            default:
                json.WriteNullValue();
                Skip(field);
                break;
        }
    }

    // A level below the items' own says that there are none.
    private void WriteItems(
        Utf8JsonWriter json, int definition, int repetition, Field field, ParquetColumn first, Action writeItem)
    {
        if (first.Definition < definition)
        {
            json.WriteStartArray();
            json.WriteEndArray();
            Skip(field);
            return;
        }

        json.WriteStartArray();
        do
        {
            writeItem();
        }
        while (!first.IsAtEnd && first.Repetition == repetition);
        json.WriteEndArray();
    }

    private void Skip(Field field)
    {
        foreach (ParquetColumn column in Leaves(field))
        {
            column.Skip();
        }
    }

    private ParquetColumn? First(Field field) => field is MapField ? null : Leaves(field).FirstOrDefault();

    private IEnumerable<ParquetColumn> Leaves(Field field) => field switch
    {
        StructField group => group.Fields.SelectMany(Leaves),
        ListField list => Leaves(list.Item),
        DataField leaf when columns.TryGetValue(leaf.Path, out ParquetColumn? column) => [column],
        _ => [],
    };
}
