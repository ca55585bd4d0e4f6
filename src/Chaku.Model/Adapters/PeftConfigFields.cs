using System.Text.Json;
using Chaku.Model.Files;

namespace Chaku.Model.Adapters;

/// <summary>
/// The fields of <c>adapter_config.json</c>; knows which were read, and which ask for what is not supported.
/// </summary>
/// <param name="root">The file's object.</param>
internal sealed class PeftConfigFields(JsonField root)
{
    private readonly HashSet<string> _known = [];
    private readonly List<string> _unsupported = [];

    /// <summary>What is not supported, a line for each field.</summary>
    public IReadOnlyList<string> Unsupported => _unsupported;

    /// <summary>A value; null where there is none, or it is null.</summary>
    public JsonField? Find(string name)
    {
        _known.Add(name);
        return root.Find(name);
    }

    /// <summary>The strings of a list; none where it is a text, which PEFT takes for a pattern, or missing.</summary>
    public string[] Texts(string name) => Find(name) is { Kind: not JsonValueKind.String } list
        ? [.. list.Items().Select(item => item.AsText())]
        : [];

    /// <summary>Whether a field is missing, null, false or empty.</summary>
    public bool IsNeutral(string name) => Find(name) is not { } value || IsNeutral(value.Value);

    /// <summary>An object's numbers by name, in the file's order; none where it is missing.</summary>
    public IReadOnlyList<KeyValuePair<string, double>> Numbers(string name) =>
        [.. Find(name)?.Properties().Select(entry => KeyValuePair.Create(entry.Name, entry.Field.AsNumber())) ?? []];

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
        foreach ((string name, JsonField field) in root.Properties())
        {
            if (!_known.Contains(name) && !inert.Contains(name) && !IsNeutral(field.Value))
            {
                _unsupported.Add(
                    $"{root.File.Path} sets {ModelFormatException.Quote(name)} to {field.Quoted()}, "
                    + "which is not supported");
            }
        }
    }

    /// <summary>The error that a field is not as it must be.</summary>
    public ModelFormatException Wrong(string name, string expected) =>
        Find(name)?.Wrong(expected) ?? root.Wrong($"{expected} as {name}", "none");

    private static bool IsNeutral(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.String => value.ValueEquals(""),
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => value.GetPropertyCount() == 0,
        _ => false,
    };
}
