using Chaku.Cli;

using StandardTerminal terminal = new();
return CommandLine.Run(args, terminal);
