using System.Globalization;
using System.Text.Json;
using Chaku.Model.Adapters;
using Chaku.Model.Licenses;
using Spectre.Console;

namespace Chaku.Cli.Reports;

/// <summary>One tensor of a file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Format">How its weights are stored.</param>
/// <param name="Shape">Lengths, the outermost first.</param>
/// <param name="ByteLength">Bytes in all.</param>
internal sealed record TensorLine(string Name, string Format, IReadOnlyList<long> Shape, long ByteLength)
{
    /// <summary>Weights in all.</summary>
    public long WeightCount => Shape.Aggregate(1L, (product, length) => product * length);
}

/// <summary>What a file says of itself, for people and for scripts.</summary>
internal sealed class FileReport
{
    /// <summary>
    /// The facts that matter most, in order: a field's name for scripts, and its value; null is not stated.
    /// </summary>
    public required IReadOnlyList<(string Field, object? Value)> Facts { get; init; }

    /// <summary>Metadata by name; a value is a text, a number, a bool, or the short description of a list.</summary>
    public required IReadOnlyList<(string Key, object Value)> Metadata { get; init; }

    /// <summary>The tensors, in the file's order.</summary>
    public required IReadOnlyList<TensorLine> Tensors { get; init; }

    /// <summary>How much an adapter changes each module, without its base; null for a model.</summary>
    public IReadOnlyList<ModuleEffect>? Effects { get; init; }

    /// <summary>What applies to it, as far as licences are known; null where nothing says so.</summary>
    public ResultLicense? License { get; init; }

    private IEnumerable<(string Format, int TensorCount, long WeightCount, long ByteLength)> Formats =>
        from tensor in Tensors
        group tensor by tensor.Format into format
        select (
            format.Key,
            format.Count(),
            format.Sum(tensor => tensor.WeightCount),
            format.Sum(tensor => tensor.ByteLength));

    /// <summary>Writes the fields for scripts.</summary>
    public void WriteFields(Utf8JsonWriter json)
    {
        foreach ((string field, object? value) in Facts)
        {
            json.WritePropertyName(field);
            WriteValue(json, value);
        }

        if (License is not null)
        {
            LicenseReport.WriteFields(json, License);
        }

        if (Effects is not null)
        {
            EffectReport.WriteFields(json, Effects);
        }

        WriteFormats(json);
        json.WriteStartObject("metadata");
        foreach ((string key, object value) in Metadata)
        {
            json.WritePropertyName(key);
            WriteValue(json, value);
        }

        json.WriteEndObject();
        json.WriteStartArray("tensors");
        foreach (TensorLine tensor in Tensors)
        {
            json.WriteStartObject();
            json.WriteString("name", tensor.Name);
            json.WriteString("format", tensor.Format);
            json.WriteNumbers("shape", tensor.Shape);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>Prints tables for people.</summary>
    public void Print(Terminal terminal)
    {
        IAnsiConsole console = terminal.OutputConsole();
        Table facts = CreateTable("", "");
        facts.HideHeaders();
        foreach ((string field, object? value) in Facts)
        {
            AddRow(facts, field.Replace('_', ' '), value is null ? "not stated" : Describe(value));
        }

        Table formats = CreateTable("format", "tensors", "weights", "bytes");
        foreach ((string format, int tensorCount, long weightCount, long byteLength) in Formats)
        {
            AddRow(formats, format, Describe(tensorCount), Describe(weightCount), Describe(byteLength));
        }

        Table metadata = CreateTable("metadata", "value");
        foreach ((string key, object value) in Metadata)
        {
            AddRow(metadata, key, string.Create(CultureInfo.InvariantCulture, $"{value}"));
        }

        Table tensors = CreateTable("tensor", "format", "shape");
        foreach (TensorLine tensor in Tensors)
        {
            AddRow(tensors, tensor.Name, tensor.Format, string.Join(" × ", tensor.Shape.Select(Describe)));
        }

        Table[] measured = Effects is null ? [] : [EffectTable()];
        foreach (Table table in (Table[])[facts, .. measured, formats, metadata, tensors])
        {
            console.Write(table);
            console.WriteLine();
        }

        if (License is not null)
        {
            LicenseReport.Print(terminal.Output, "", License);
        }
    }

    private void WriteFormats(Utf8JsonWriter json)
    {
        json.WriteStartArray("formats");
        foreach ((string format, int tensorCount, long weightCount, long byteLength) in Formats)
        {
            json.WriteStartObject();
            json.WriteString("format", format);
            json.WriteNumber("tensor_count", tensorCount);
            json.WriteNumber("weight_count", weightCount);
            json.WriteNumber("byte_length", byteLength);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private Table EffectTable()
    {
        Table effects = CreateTable("module", "change");
        foreach (ModuleEffect effect in Effects ?? [])
        {
            AddRow(effects, effect.Module, string.Create(CultureInfo.InvariantCulture, $"{effect.Change:G4}"));
        }

        return effects;
    }

    private static Table CreateTable(params string[] columns)
    {
        Table table = new Table().Border(TableBorder.None);
        foreach (string column in columns)
        {
            table.AddColumn(new TableColumn(new Text(column, new Style(decoration: Decoration.Bold))).PadRight(2));
        }

        return table;
    }

    private static void AddRow(Table table, params string[] cells) =>
        table.AddRow(cells.Select(cell => new Text(Terminal.Harmless(Terminal.OneLine(cell)))));

    private static string Describe(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Describe(object value) => value switch
    {
        long number => Describe(number),
        bool isSo => isSo ? "yes" : "no",
        _ => string.Create(CultureInfo.InvariantCulture, $"{value}"),
    };

    private static void WriteValue(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNullValue();
                break;
            case long number:
                json.WriteNumberValue(number);
                break;
            case ulong number:
                json.WriteNumberValue(number);
                break;
            case double number when double.IsFinite(number):
                json.WriteNumberValue(number);
                break;
            case bool isSo:
                json.WriteBooleanValue(isSo);
                break;
            default:
                json.WriteStringValue(string.Create(CultureInfo.InvariantCulture, $"{value}"));
                break;
        }
    }
}
