using System.CommandLine;
using Chaku.Model;
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
    /// <param name="arguments">The command line.</param>
    /// <param name="model">The model.</param>
    /// <param name="adapter">The adapter that it is run with.</param>
    /// <param name="terminal">Is told where another template than the adapter's is insisted on.</param>
    /// <exception cref="ChatTemplateException">There is none, or the adapter was trained with another.</exception>
    public ChatTemplate Resolve(ParseResult arguments, LanguageModel model, AdapterChoice adapter, Terminal terminal)
    {
        string? name = Name(arguments);
        if (name is null && adapter.Loaded?.Template is { } trained)
        {
            return trained;
        }

        ChatTemplate template = ChatTemplates.Resolve(name, model.ChatTemplate, model.Tokenizer.Vocabulary);
        if (adapter.Loaded?.Accept(template, adapter.IsForced) is { } notice)
        {
            terminal.Warn(notice);
        }

        return template;
    }
}
