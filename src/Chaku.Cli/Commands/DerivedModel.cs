using Chaku.Model;
using Chaku.Model.Families;
using Chaku.Model.Files;
using Chaku.Model.Scoring;

namespace Chaku.Cli.Commands;

/// <summary>A GGUF file that another is made of: what is checked before, and how both are compared.</summary>
internal static class DerivedModel
{
    /// <summary>
    /// Refuses, before work is spent, a source that is no file and a target that must not be written.
    /// </summary>
    /// <param name="source">The model.</param>
    /// <param name="target">The file to write.</param>
    /// <param name="replaces">Whether a file that is there already may go.</param>
    /// <param name="others">What else it is made from.</param>
    /// <exception cref="UsageException">The model is a folder.</exception>
    /// <exception cref="IOException">The target must not or cannot be written.</exception>
    public static void Require(string source, string target, bool replaces, params ReadOnlySpan<string> others)
    {
        if (Directory.Exists(source))
        {
            throw new UsageException($"{source} is a folder; chaku convert makes a GGUF file of it, which this takes");
        }

        TargetPath.RequireFile(target, replaces, [source, .. others]);
    }

    /// <summary>
    /// Loads a model to be compared, or to learn what it reads: its weights where they lie, since two models together
    /// are to need little memory, and with the positions of <see cref="TokenWindows.UsualLength"/> at most.
    /// </summary>
    public static LanguageModel Load(Terminal terminal, string path, int threadCount)
    {
        ModelOptions options = new() { ThreadCount = threadCount, Repack = false };
        using (GgufSource source = GgufSource.Open(path))
        {
            options = options with
            {
                ContextLength = Math.Min(TokenWindows.UsualLength, source.ReadConfig().ContextLength),
            };
        }

        return LanguageModel.Load(path, options, null, terminal.Cancellation);
    }
}
