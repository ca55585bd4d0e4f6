using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Chaku.Cli.Commands;
using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Model.Hub;
using Chaku.Model.Templates;
using Chaku.Model.Tokenizers;
using Chaku.Training;
using Chaku.Training.Datasets;

namespace Chaku.Cli;

/// <summary>Parses, runs one command, and turns every error into one line and an exit code.</summary>
internal static class CommandLine
{
    private const string Description =
        "Take an open language model, make it yours with your own data, and run it, on the computer you have.";

    /// <summary>Runs the program.</summary>
    /// <returns>An entry of <see cref="ExitCodes"/>.</returns>
    public static int Run(string[] arguments, Terminal terminal)
    {
        try
        {
            int exitCode = Execute(arguments, terminal);
            terminal.Output.Flush();
            return exitCode;
        }
        catch (IOException exception) when (StandardOutput.IsClosed(exception))
        {
            // The reader has gone, as `head` does: nothing failed, and nothing more is wanted.
            return ExitCodes.Success;
        }
        catch (OperationCanceledException)
        {
            return Fail(terminal, "stopped", ExitCodes.Cancelled);
        }
        catch (UsageException exception)
        {
            return Fail(terminal, exception.Message, ExitCodes.Usage);
        }
        catch (Exception exception) when (IsExpected(exception))
        {
            return Fail(terminal, exception.Message, ExitCodes.Failure);
        }
#pragma warning disable CA1031 // Whatever it is, a user gets one line of it and no stack trace.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return Fail(terminal, $"this is a bug: {exception.GetType().Name}: {exception.Message}", ExitCodes.Failure);
        }
    }

    private static int Execute(string[] arguments, Terminal terminal)
    {
        RootCommand root = new(Description);
        foreach (ProgramCommand command in Commands.Commands.Create())
        {
            root.Add(command);
        }

        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);

        // A text may begin with '@'; it names no file of options.
        ParserConfiguration configuration = new() { ResponseFileTokenReplacer = null };
        ParseResult parsed = root.Parse(arguments.Length == 0 ? ["--help"] : arguments, configuration);
        if (parsed.Errors.Count > 0 && parsed.Action is null or ParseErrorAction)
        {
            if (parsed.CommandResult.Command == root && parsed.UnmatchedTokens is [var unknown, ..])
            {
                throw new UsageException($"there is no command '{unknown}' (see chaku --help)");
            }

            string name = parsed.CommandResult.Command is ProgramCommand command ? $"chaku {command.Name}" : "chaku";
            throw new UsageException($"{parsed.Errors[0].Message} (see {name} --help)");
        }

        return parsed.Action is null && parsed.CommandResult.Command is ProgramCommand chosen
            ? chosen.Execute(parsed, terminal)
            : parsed.Invoke(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                Error = terminal.Error,
                Output = terminal.Output,
            });
    }

    private static bool IsExpected(Exception exception) => exception
        is ModelFormatException
        or ContextOverflowException
        or AdapterException
        or HubException
        or DatasetException
        or TrainingException
        or ChatTemplateException
        or ConversationException
        or UnspellableTextException
        or IOException
        or UnauthorizedAccessException
        or ArgumentException
        or InvalidDataException
        or OutOfMemoryException;

    private static int Fail(Terminal terminal, string message, int exitCode)
    {
        // What was printed before stays; a closed or full output has been reported already.
        try
        {
            terminal.Output.Flush();
        }
        catch (IOException)
        {
            exitCode = Math.Max(exitCode, ExitCodes.Failure);
        }

        terminal.Error.WriteLine($"chaku: {Terminal.OneLine(message)}");
        return exitCode;
    }
}
