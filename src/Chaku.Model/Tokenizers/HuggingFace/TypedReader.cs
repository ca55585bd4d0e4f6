using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers.HuggingFace;

/// <summary>One value of a <c>type</c> property, and how an object of that type is read.</summary>
/// <param name="Type">The value.</param>
/// <param name="Read">Reads the object, and refuses what it does not understand.</param>
internal sealed record TypedReader<T>(string Type, Func<JsonField, T> Read);

/// <summary>Reads objects by the table of their types.</summary>
internal static class TypedReaders
{
    /// <summary>Reads the object that the property has; null where there is none.</summary>
    public static T? ReadOptional<T>(this IReadOnlyList<TypedReader<T>> table, JsonField parent, string property)
        where T : class => parent.Find(property) is { } field ? table.Read(field) : null;

    /// <summary>Reads the object.</summary>
    /// <exception cref="ModelFormatException">Its type is none of the table's; the message has both.</exception>
    public static T Read<T>(this IReadOnlyList<TypedReader<T>> table, JsonField field)
    {
        JsonField type = field["type"];
        string name = type.AsText();
        TypedReader<T> reader = table.FirstOrDefault(entry => entry.Type == name)
            ?? throw type.Wrong($"one of {string.Join(", ", table.Select(static entry => entry.Type))}");
        return reader.Read(field);
    }
}
