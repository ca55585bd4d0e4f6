namespace Chaku.Cli;

/// <summary>The command line makes no sense in a way that only shows once it is understood.</summary>
/// <param name="message">What is wrong with it.</param>
internal sealed class UsageException(string message) : Exception(message);
