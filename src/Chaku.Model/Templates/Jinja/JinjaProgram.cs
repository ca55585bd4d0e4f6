namespace Chaku.Model.Templates.Jinja;

/// <summary>A template that has been read, and can be rendered any number of times.</summary>
/// <remarks>
/// A subset of Jinja2 3.1, our own code: no template reads a file, another template or anything of .NET's, values never
/// change, and every rendering is bounded in steps, depth and length (<see cref="JinjaRun"/>).
/// </remarks>
internal sealed class JinjaProgram
{
    /// <summary>Characters of a source; the largest of known models has 20 thousand.</summary>
    public const int MaxSourceLength = 1 << 18;

    private readonly Block _body;

    private JinjaProgram(Block body, bool hasGeneration)
    {
        _body = body;
        HasGeneration = hasGeneration;
    }

    /// <summary>Whether the template says itself what the model says.</summary>
    public bool HasGeneration { get; }

    /// <summary>Reads a template.</summary>
    /// <exception cref="ChatTemplateException">It breaks the language's rules; the message has the line.</exception>
    public static JinjaProgram Read(string source)
    {
        if (source.Length > MaxSourceLength)
        {
            throw new ChatTemplateException(
                $"the model's chat template has {source.Length} characters, over {MaxSourceLength}");
        }

        try
        {
            (Block body, bool hasGeneration) = StatementParser.Read(source);
            return new(body, hasGeneration);
        }
        catch (JinjaSyntaxException exception)
        {
            throw Refuse(exception.Line, exception.Message);
        }
    }

    /// <summary>Renders it.</summary>
    /// <param name="makeVariables">Makes the variables that the template is given.</param>
    /// <param name="clock">What time it is.</param>
    /// <exception cref="ChatTemplateException">
    /// It does what it may not, or refuses what it was given; the message says which.
    /// </exception>
    public MarkedText Render(
        Func<JinjaRun, IEnumerable<(string Name, object? Value)>> makeVariables, TimeProvider clock)
    {
        JinjaRun run = new(clock);
        try
        {
            Scope given = new(run);
            foreach ((string name, object? value) in makeVariables(run))
            {
                given.Set(name, value);
            }

            return _body.Capture(given.Inner());
        }
        catch (JinjaException exception) when (exception.IsRaised)
        {
            throw new ChatTemplateException($"the model's chat template refuses this: {exception.Message}");
        }
        catch (JinjaException exception)
        {
            throw Refuse(run.Line, exception.Message);
        }
    }

    private static ChatTemplateException Refuse(int line, string reason) =>
        new($"the model's chat template, line {line}: {reason}");
}
