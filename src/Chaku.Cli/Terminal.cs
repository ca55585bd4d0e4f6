using Spectre.Console;

namespace Chaku.Cli;

/// <summary>Where a command reads and writes, and what stops it.</summary>
internal abstract class Terminal
{
    private readonly Stack<Action> _interruptHandlers = new();

    /// <summary>What the user types, or what is piped in.</summary>
    public abstract TextReader Input { get; }

    /// <summary>Results.</summary>
    public abstract TextWriter Output { get; }

    /// <summary>Everything that is no result.</summary>
    public abstract TextWriter Error { get; }

    /// <summary>Whether a person types.</summary>
    public abstract bool IsInputTerminal { get; }

    /// <summary>Whether a person reads the results.</summary>
    public abstract bool IsOutputTerminal { get; }

    /// <summary>Whether a person reads the rest.</summary>
    public abstract bool IsErrorTerminal { get; }

    /// <summary>Stops the program.</summary>
    public abstract CancellationToken Cancellation { get; }

    /// <summary>Whether nothing is under way but waiting for a line.</summary>
    protected bool IsWaiting { get; private set; }

    /// <summary>Says something that the user should know, on a line of its own.</summary>
    public void Warn(string notice) => Error.WriteLine($"chaku: warning: {OneLine(notice)}");

    /// <summary>
    /// The next line that is typed or piped in; null at the end. Ctrl-C while waiting ends the program.
    /// </summary>
    public string? ReadLine()
    {
        IsWaiting = true;
        try
        {
            return Input.ReadLine();
        }
        finally
        {
            IsWaiting = false;
        }
    }

    /// <summary>
    /// The next line, in the middle of work that has something to take away again: Ctrl-C while waiting ends the wait.
    /// </summary>
    /// <returns>The line; null at the end.</returns>
    /// <exception cref="OperationCanceledException">Ctrl-C was pressed.</exception>
    public string? ReadAnswer()
    {
        // Nothing can end a read of standard input: it is left behind, and ends with the process.
        Task<string?> line = Task.Run(Input.ReadLine);
        _ = Task.WaitAny([line], Cancellation);
        return line.GetAwaiter().GetResult();
    }

    /// <summary>Prints text of a model or a prompt at once. A terminal gets no control characters out of it.</summary>
    public void Print(string text)
    {
        Output.Write(IsOutputTerminal ? Harmless(text) : text);
        Output.Flush();
    }

    /// <summary>Says something beside the result, to a person only.</summary>
    public void Remark(string remark)
    {
        if (IsOutputTerminal && IsErrorTerminal)
        {
            ErrorConsole().Write(new Text(remark + "\n", new Style(Color.Grey)));
        }
    }

    /// <summary>Text without the characters that could command a terminal.</summary>
    public static string Harmless(string text) =>
        text.Any(IsCommand) ? string.Concat(text.Select(letter => IsCommand(letter) ? '\uFFFD' : letter)) : text;

    /// <summary>Begins work that may take long.</summary>
    /// <param name="what">What is done, for the person who waits.</param>
    /// <param name="patience">How long nothing is shown; null for two seconds.</param>
    public ProgressReport Progress(string what, TimeSpan? patience = null) => new(this, what, patience);

    /// <summary>Standard output with tables, and colours on a terminal only.</summary>
    public IAnsiConsole OutputConsole() => CreateConsole(Output, IsOutputTerminal);

    /// <summary>Standard error with progress bars, and colours on a terminal only.</summary>
    public virtual IAnsiConsole ErrorConsole() => CreateConsole(Error, IsErrorTerminal);

    /// <summary>Catches Ctrl-C until disposed.</summary>
    public IDisposable CatchInterrupts(Action handler)
    {
        lock (_interruptHandlers)
        {
            _interruptHandlers.Push(handler);
        }

        return new InterruptScope(this);
    }

    /// <summary>A message without line breaks.</summary>
    public static string OneLine(string message) => string.Join(
        ' ', message.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));

    /// <summary>Ctrl-C was pressed.</summary>
    /// <returns>Whether somebody caught it.</returns>
    protected bool Interrupt()
    {
        lock (_interruptHandlers)
        {
            if (!_interruptHandlers.TryPeek(out Action? handler))
            {
                return false;
            }

            handler();
            return true;
        }
    }

    private static bool IsCommand(char letter) => char.IsControl(letter) && letter is not ('\n' or '\t');

    private static IAnsiConsole CreateConsole(TextWriter writer, bool isTerminal)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Yes : InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });
        if (!isTerminal)
        {
            // Nothing is wrapped or cut for a script.
            console.Profile.Width = 10_000;
        }

        return console;
    }

    private sealed class InterruptScope(Terminal terminal) : IDisposable
    {
        public void Dispose()
        {
            lock (terminal._interruptHandlers)
            {
                _ = terminal._interruptHandlers.Pop();
            }
        }
    }
}
