using System.Security.Cryptography;
using System.Text;
using Chaku.Model.Tokenizers;

namespace Chaku.Model.Templates;

/// <summary>The table of chat templates. A new one is an entry beside its like and one line here.</summary>
internal static class ChatTemplates
{
    /// <summary>Every one this software has.</summary>
    public static IReadOnlyList<ChatTemplate> All { get; } =
    [
        AlpacaTemplates.Stanford,
        AlpacaTemplates.AlpacaLora,
        AlpacaTemplates.FastChat,
        MarkTemplates.ChatMl,
        AlpacaTemplates.Dolly,
        FalconTemplates.Instruct,
        FalconTemplates.Chat,
        LlamaTemplates.Llama2,
        LlamaTemplates.Llama3,
        LlamaTemplates.Mistral,
        MarkTemplates.OpenAssistant,
        VicunaTemplates.V0,
        VicunaTemplates.V11,
    ];

    private static string Names => string.Join(", ", All.Select(static template => template.Name));

    /// <summary>The named one; without a name, the one that a model brings.</summary>
    /// <param name="name">An entry's name, the name of a model's own template, or null.</param>
    /// <param name="jinja">The model's own template (<c>tokenizer.chat_template</c>), or null.</param>
    /// <param name="vocabulary">The model's; it spells the marks that a template of its own asks for.</param>
    /// <exception cref="ChatTemplateException">
    /// There is none of that name, or the model has none, or its own breaks the language's rules.
    /// </exception>
    public static ChatTemplate Resolve(string? name, string? jinja, Vocabulary vocabulary)
    {
        if (name is not null && !name.StartsWith(JinjaTemplate.NamePrefix, StringComparison.Ordinal))
        {
            return Find(name);
        }

        if (jinja is null)
        {
            throw new ChatTemplateException(
                $"the model has no chat template: choose one with --template NAME ({Names})");
        }

        string own = JinjaTemplate.NameOf(jinja);
        if (name is not null && name != own)
        {
            throw new ChatTemplateException(
                $"no chat template named {ModelFormatException.Quote(name)}: the model's own is {own}");
        }

        return (name is null ? Detect(jinja) : null) ?? new JinjaTemplate(jinja, vocabulary);
    }

    /// <summary>The entry of that name, whatever its case.</summary>
    /// <exception cref="ChatTemplateException">There is none; the message has the table's.</exception>
    public static ChatTemplate Find(string name) =>
        All.FirstOrDefault(template => template.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ChatTemplateException(
            $"no chat template named {ModelFormatException.Quote(name)}: choose one of {Names}");

    /// <summary>The entry that renders what a model's own template renders, or null.</summary>
    public static ChatTemplate? Detect(string? jinja)
    {
        if (jinja is null)
        {
            return null;
        }

        string fingerprint = Fingerprint(jinja);
        return All.FirstOrDefault(template => template.Fingerprints.Contains(fingerprint));
    }

    /// <summary>SHA-256 of a template's text without the white space around it, in small hexadecimal digits.</summary>
    public static string Fingerprint(string jinja) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(jinja.Trim())));
}
