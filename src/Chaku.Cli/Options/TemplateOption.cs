using System.CommandLine;
using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Model.Templates;

namespace Chaku.Cli.Options;

/// <summary>The chat template: named, or the adapter's, or the model's own.</summary>
internal sealed class TemplateOption
{
    private readonly Option<string?> _name = new("--template")
    {
        Description = $"How messages are written for the model: {Names}; the model's own by default.",
        HelpName = "NAME",
    };

    /// <summary>The names that there are, for people.</summary>
    public static string Names => string.Join(", ", ChatTemplates.All.Select(template => template.Name));

    /// <summary>Adds the option to a command.</summary>
    public TemplateOption(Command command) => command.Add(_name);

    /// <summary>The name on the command line, if any.</summary>
    public string? Name(ParseResult arguments) => arguments.GetValue(_name);

    /// <summary>The template to use.</summary>
    /// <exception cref="ChatTemplateException">There is none, or the adapter was trained with another.</exception>
    public ChatTemplate Resolve(ParseResult arguments, LanguageModel model, AdapterOrigin? adapter)
    {
        ChatTemplate Find(string? name) =>
            ChatTemplates.Resolve(name, model.ChatTemplate, model.Tokenizer.Vocabulary);
        ChatTemplate? trained = adapter?.Template is { } name ? Find(name) : null;
        ChatTemplate? named = Name(arguments) is { } chosen ? Find(chosen) : null;
        if (trained is not null && named is not null && trained.Name != named.Name)
        {
            throw new ChatTemplateException(
                $"the adapter was trained with the template {trained.Name}: it does not understand {named.Name}");
        }

        return named ?? trained ?? Find(null);
    }
}
