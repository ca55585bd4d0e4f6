using System.Globalization;
using System.Text.Json;

namespace Chaku.Training.Runs;

/// <summary>A fact about a run.</summary>
/// <param name="Name">Its name in files: small letters and underscores, with its unit.</param>
/// <param name="Value">A number, a text, a truth, a list of <see cref="RunRow"/>; null where it is not known.</param>
internal sealed record RunFact(string Name, object? Value)
{
    /// <summary>For people; null where there is nothing to say.</summary>
    public string? Text => Value switch
    {
        double number when !double.IsFinite(number) => null,
        double number => TuneField.Spell(Math.Abs(number) < 1e-3 ? number : Math.Round(number, 4)),
        bool truth => truth ? "yes" : "no",
        IReadOnlyList<RunRow> rows => string.Join(
            "; ", rows.Select(row => string.Join(", ", row.Facts.Select(fact => $"{fact.Name} {fact.Text}")))),
        _ => Convert.ToString(Value, CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : null,
    };

    /// <summary>Writes it as a field.</summary>
    public void Write(Utf8JsonWriter json)
    {
        switch (Value)
        {
            case double number when double.IsFinite(number):
                json.WriteNumber(Name, number);
                break;
            case int number:
                json.WriteNumber(Name, number);
                break;
            case long number:
                json.WriteNumber(Name, number);
                break;
            case ulong number:
                json.WriteNumber(Name, number);
                break;
            case bool truth:
                json.WriteBoolean(Name, truth);
                break;
            case string text:
                json.WriteString(Name, text);
                break;
            case IReadOnlyList<RunRow> rows:
                json.WriteStartArray(Name);
                foreach (RunRow row in rows)
                {
                    json.WriteStartObject();
                    row.Facts.ToList().ForEach(fact => fact.Write(json));
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                break;
            case null or double:
                json.WriteNull(Name);
                break;
            default:
                throw new ArgumentException($"a fact is no {Value.GetType()}");
        }
    }
}

/// <summary>An entry of a list.</summary>
/// <param name="Facts">In their order.</param>
internal sealed record RunRow(params IReadOnlyList<RunFact> Facts);

/// <summary>Facts about one side of a run.</summary>
/// <param name="Name">Its name in files.</param>
/// <param name="Title">Its heading for people; null where a model card leaves it out.</param>
/// <param name="Facts">In their order.</param>
internal sealed record RunSection(string Name, string? Title, IReadOnlyList<RunFact> Facts);
