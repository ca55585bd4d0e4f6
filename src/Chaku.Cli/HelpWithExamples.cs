using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Chaku.Cli.Commands;

namespace Chaku.Cli;

/// <summary>A command's help, then examples of it.</summary>
internal sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        int exitCode = help.Invoke(parseResult);
        TextWriter output = parseResult.InvocationConfiguration.Output;
        if (parseResult.CommandResult.Command is ProgramCommand { Examples: var examples })
        {
            output.WriteLine("Examples:");
            foreach (string example in examples)
            {
                output.WriteLine($"  {example}");
            }
        }
        else
        {
            output.WriteLine("Exit codes: 0 done, 1 failed, 2 wrong command line, 130 stopped by Ctrl-C.");
        }

        return exitCode;
    }
}
