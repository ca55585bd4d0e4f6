using System.Text.Json;

namespace Chaku.Model.Adapters;

/// <summary>
/// The fields of <c>adapter_config.json</c>; knows which were read, and which ask for what is not supported.
/// </summary>
/// <param name="path">The file, for messages.</param>
/// <param name="root">Its object.</param>
internal sealed class PeftConfigFields(string path, JsonElement root)
{
    private const StringSplitOptions SpaceRules = StringSplitOptions.RemoveEmptyEntries;

    private readonly HashSet<string> _known = [];
    private readonly List<string> _unsupported = [];

    /// <summary>What is not supported, a line for each field.</summary>
    public IReadOnlyList<string> Unsupported => _unsupported;

    /// <summary>A value; null where there is none, or it is null.</summary>
    public JsonElement? Find(string name)
    {
        _known.Add(name);
        return root.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? value
            : null;
    }

    /// <summary>A string; null where there is none.</summary>
    public string? Text(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        { } value => throw Wrong(name, value, "a string"),
    };

    /// <summary>True or false; false where there is none.</summary>
    public bool Boolean(string name) => Find(name) switch
    {
        null or { ValueKind: JsonValueKind.False } => false,
        { ValueKind: JsonValueKind.True } => true,
        { } value => throw Wrong(name, value, "true or false"),
    };

    /// <summary>A number, or what is taken where there is none.</summary>
    public double Number(string name, double otherwise, bool isInteger)
    {
        if (Find(name) is not { } value)
        {
            return otherwise;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number)
            && (!isInteger || value.TryGetInt32(out _))
                ? number
                : throw Wrong(name, value, isInteger ? "an integer" : "a number");
    }

    /// <summary>The strings of a list; none where it is something else, which PEFT takes for a pattern.</summary>
    public string[] Texts(string name) => Find(name) switch
    {
        null or { ValueKind: JsonValueKind.String } => [],
        { ValueKind: JsonValueKind.Array } list
            when list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) =>
            [.. list.EnumerateArray().Select(item => item.GetString()!)],
        { } value => throw Wrong(name, value, "a list of strings"),
    };

    /// <summary>Whether a field is missing, null, false or empty.</summary>
    public bool IsNeutral(string name) => Find(name) is not { } value || IsNeutral(value);

    /// <summary>An object's numbers by name, in the file's order; none where it is missing.</summary>
    public IReadOnlyList<KeyValuePair<string, double>> Numbers(string name)
    {
        if (Find(name) is not { } value)
        {
            return [];
        }

        return value.ValueKind == JsonValueKind.Object
            && value.EnumerateObject().All(entry => entry.Value.ValueKind == JsonValueKind.Number)
                ? [.. value.EnumerateObject().Select(entry => KeyValuePair.Create(entry.Name, entry.Value.GetDouble()))]
                : throw Wrong(name, value, "an object of numbers");
    }

    /// <summary>Notes a field that is not as it must be.</summary>
    public void Support(string name, bool isMet, string expected)
    {
        if (!isMet)
        {
            _unsupported.Add(Wrong(name, expected).Message);
        }
    }

    /// <summary>Notes every field that was not read, is not in the list and says something.</summary>
    public void SupportRest(HashSet<string> inert)
    {
        foreach (JsonProperty field in root.EnumerateObject())
        {
            if (!_known.Contains(field.Name) && !inert.Contains(field.Name) && !IsNeutral(field.Value))
            {
                _unsupported.Add(
                    $"{path} sets {ModelFormatException.Quote(field.Name)} to "
                    + $"{Quote(field.Value)}, which is not supported");
            }
        }
    }

    /// <summary>The error that a field is not as it must be.</summary>
    public AdapterException Wrong(string name, string expected) => Find(name) is { } value
        ? Wrong(name, value, expected)
        : new AdapterException($"{path}: expected {expected} as {name}, found none");

    private static bool IsNeutral(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.String => value.ValueEquals(""),
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => value.GetPropertyCount() == 0,
        _ => false,
    };

    private AdapterException Wrong(string name, JsonElement value, string expected) =>
        new($"{path}: expected {expected} as {name}, found {Quote(value)}");

    // In one line, whatever the file has between the lines.
    private static string Quote(JsonElement value) =>
        ModelFormatException.Quote(string.Join(' ', value.GetRawText().Split((char[]?)null, SpaceRules)));
}
