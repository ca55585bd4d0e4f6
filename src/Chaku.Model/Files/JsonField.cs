using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Chaku.Model.Files;

/// <summary>A value in a JSON file; it knows where it is, so that what is wrong with it can be said.</summary>
/// <param name="File">The file.</param>
/// <param name="Name">The way to it from the file's root, such as <c>model.vocab</c>.</param>
/// <param name="Value">The value.</param>
internal readonly record struct JsonField(JsonFile File, string Name, JsonElement Value)
{
    private const int QuotedByteLength = 120;

    /// <summary>The kind of value.</summary>
    public JsonValueKind Kind => Value.ValueKind;

    /// <summary>A property's value; null where there is none, or it is null.</summary>
    public JsonField? Find(string property) =>
        AsObject().Value.TryGetProperty(property, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? new(File, Name.Length == 0 ? property : $"{Name}.{property}", value)
            : null;

    /// <summary>A property's value.</summary>
    /// <exception cref="ModelFormatException">There is none.</exception>
    public JsonField this[string property] => Find(property) ?? throw Wrong($"a property {property}", "none");

    /// <summary>A property's text; null where there is none.</summary>
    public string? FindText(string property) => Find(property)?.AsText();

    /// <summary>A property's truth value, and what holds without it.</summary>
    public bool FindBoolean(string property, bool otherwise) => Find(property)?.AsBoolean() ?? otherwise;

    /// <summary>This value, checked.</summary>
    /// <exception cref="ModelFormatException">It is no object.</exception>
    public JsonField AsObject() => Kind == JsonValueKind.Object ? this : throw Wrong("an object");

    /// <summary>This value, checked.</summary>
    /// <exception cref="ModelFormatException">It is no list.</exception>
    public JsonField AsList() => Kind == JsonValueKind.Array ? this : throw Wrong("a list");

    /// <summary>The text.</summary>
    /// <exception cref="ModelFormatException">It is none, or no Unicode.</exception>
    public string AsText()
    {
        if (Kind != JsonValueKind.String)
        {
            throw Wrong("a string");
        }

        try
        {
            return Value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Wrong("a string of valid Unicode");
        }
    }

    /// <summary>The truth value.</summary>
    /// <exception cref="ModelFormatException">It is none.</exception>
    public bool AsBoolean() => Kind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong("true or false"),
    };

    /// <summary>The integer.</summary>
    /// <exception cref="ModelFormatException">It is none, or outside the bounds.</exception>
    public int AsInteger(int minimum = 0, int maximum = int.MaxValue) =>
        Kind == JsonValueKind.Number && Value.TryGetInt32(out int number) && number >= minimum && number <= maximum
            ? number
            : throw Wrong($"an integer from {minimum} to {maximum}");

    /// <summary>The finite number.</summary>
    /// <exception cref="ModelFormatException">It is none.</exception>
    public double AsNumber() =>
        Kind == JsonValueKind.Number && Value.TryGetDouble(out double number) && double.IsFinite(number)
            ? number
            : throw Wrong("a finite number");

    /// <summary>The list's values.</summary>
    /// <exception cref="ModelFormatException">It is no list.</exception>
    public IEnumerable<JsonField> Items()
    {
        int index = 0;
        foreach (JsonElement item in AsList().Value.EnumerateArray())
        {
            yield return new(File, $"{Name}[{index++}]", item);
        }
    }

    /// <summary>The object's properties; what is wrong with one's value is told of the object.</summary>
    /// <exception cref="ModelFormatException">It is no object, or a name is no Unicode.</exception>
    public IEnumerable<(string Name, JsonField Field)> Properties()
    {
        foreach (JsonProperty property in AsObject().Value.EnumerateObject())
        {
            yield return (NameOf(property), new(File, Name, property.Value));
        }
    }

    /// <summary>Refuses properties that nobody here knows the meaning of; null has none.</summary>
    /// <exception cref="ModelFormatException">There is one; the message has its name.</exception>
    public void AllowOnly(params ReadOnlySpan<string> names)
    {
        foreach (JsonProperty property in AsObject().Value.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.Null && !names.Contains(NameOf(property)))
            {
                throw new JsonField(File, Name, property.Value).Wrong(
                    $"only {string.Join(", ", names)} in {Place}", ModelFormatException.Quote(NameOf(property)));
            }
        }
    }

    /// <summary>The exception that names this value.</summary>
    public ModelFormatException Wrong(string expected) => Wrong($"{expected} as {Place}", Quoted());

    /// <summary>Makes exceptions that name this value's place, also when the file has been closed.</summary>
    public Func<string, string, Exception> Refusal()
    {
        string path = File.Path;
        long offset = File.OffsetOf(Value);
        return (expected, found) => new ModelFormatException(path, offset, expected, found);
    }

    /// <summary>The exception that names this value's place.</summary>
    public ModelFormatException Wrong(string expected, string found) =>
        new(File.Path, File.OffsetOf(Value), expected, found);

    /// <summary>The value's beginning as it is in the file, in one line, fit for a message.</summary>
    public string Quoted()
    {
        ReadOnlySpan<byte> raw = JsonMarshal.GetRawUtf8Value(Value);
        string text = Encoding.UTF8.GetString(raw[..Math.Min(raw.Length, QuotedByteLength)]);
        return ModelFormatException.Quote(
            string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));
    }

    private string Place => Name.Length == 0 ? "the whole" : Name;

    private string NameOf(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            throw new JsonField(File, Name, property.Value).Wrong(
                $"property names of valid Unicode in {Place}", "another");
        }
    }
}
