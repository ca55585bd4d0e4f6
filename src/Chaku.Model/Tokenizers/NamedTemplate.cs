using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers;

/// <summary>One of several templates of chats that a model has.</summary>
/// <param name="Name">What it is for: <c>tool_use</c>, <c>rag</c>.</param>
/// <param name="Template">The template, in Jinja.</param>
/// <remarks>Source: <c>add_chat_template</c> of llama.cpp's <c>gguf_writer.py</c>.</remarks>
internal sealed record NamedTemplate(string Name, string Template)
{
    /// <summary>The name of the template for all other uses.</summary>
    public const string DefaultName = "default";

    /// <summary>GGUF's key of the default template; a name and a dot before it make another's.</summary>
    public const string GgufKey = "tokenizer.chat_template";

    /// <summary>GGUF's key of the list of the other names.</summary>
    public const string GgufNamesKey = "tokenizer.chat_templates";

    private const string GgufPrefix = GgufKey + ".";

    /// <summary>Whether it is the template for all uses without one of their own.</summary>
    public bool IsDefault => Name == DefaultName;

    /// <summary>Those of a GGUF file but the default.</summary>
    public static IReadOnlyList<NamedTemplate> InGguf(Metadata metadata) =>
    [
        .. metadata.Where(value => value.Key.StartsWith(GgufPrefix, StringComparison.Ordinal))
            .Select(value => new NamedTemplate(value.Key[GgufPrefix.Length..], value.AsString())),
    ];

    /// <summary>Adds templates to a GGUF file; of two whose names are spelled alike there, the first.</summary>
    public static void AddTo(Metadata metadata, IReadOnlyList<NamedTemplate> templates)
    {
        NamedTemplate[] spelled =
            [.. templates.Select(template => template with { Name = Spelled(template.Name) }).DistinctBy(t => t.Name)];
        foreach (NamedTemplate template in spelled)
        {
            metadata.Add(GgufPrefix + template.Name, template.Template);
        }

        if (spelled.Length > 0)
        {
            metadata.Add(GgufNamesKey, Array.ConvertAll(spelled, template => template.Name));
        }
    }

    private static string Spelled(string name) =>
        string.Concat(name.Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '_'));
}
