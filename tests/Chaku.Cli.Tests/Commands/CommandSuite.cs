using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Cli.Tests.Commands;

/// <summary>What a command gave.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Error);

/// <summary>Runs commands in this process, with a folder of the test's own.</summary>
public abstract class CommandSuite : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("chaku-test-");

    protected static string TinyModel => Fixtures.TestData("models", "tiny", "llama-gqa.gguf");

    protected string Folder => _folder.FullName;

    public void Dispose()
    {
        _folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    protected string InFolder(string name) => Path.Combine(Folder, name);

    protected string Write(string name, string text)
    {
        File.WriteAllText(InFolder(name), text);
        return InFolder(name);
    }

    private protected static CommandResult Run(params string[] arguments) => RunWith("", arguments);

    private protected static CommandResult RunWith(string input, params string[] arguments)
    {
        using TestTerminal terminal = new(input);
        return Run(terminal, arguments);
    }

    private protected static CommandResult Run(TestTerminal terminal, params string[] arguments)
    {
        int exitCode = CommandLine.Run(arguments, terminal);
        return new CommandResult(exitCode, terminal.Output.ToString()!, terminal.Error.ToString()!);
    }

    /// <summary>Runs a command that must succeed and say nothing beside its result.</summary>
    private protected static string Result(params string[] arguments)
    {
        CommandResult result = Run(arguments);
        Assert.Equal("", result.Error);
        Assert.Equal(ExitCodes.Success, result.ExitCode);
        return result.Output;
    }

    /// <summary>Runs a command that must fail with one line and print nothing else.</summary>
    /// <returns>The line.</returns>
    private protected static string Refusal(int exitCode, params string[] arguments)
    {
        CommandResult result = Run(arguments);
        Assert.Equal("", result.Output);
        Assert.StartsWith("chaku: ", result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error, letter => letter == '\n');
        Assert.DoesNotContain("this is a bug", result.Error, StringComparison.Ordinal);
        Assert.Equal(exitCode, result.ExitCode);
        return result.Error.TrimEnd();
    }

    /// <summary>The tiny model without its vocabulary.</summary>
    private protected string ModelWithoutVocabulary()
    {
        string path = InFolder("mute.gguf");
        using GgufFile file = GgufFile.Open(TinyModel);
        Metadata metadata = new(path);
        foreach (MetadataValue value in file.Metadata)
        {
            if (!value.Key.StartsWith("tokenizer.", StringComparison.Ordinal))
            {
                metadata.TryAdd(value);
            }
        }

        GgufWriter.Write(path, metadata, [.. file.Tensors.Select(tensor => TensorSource.FromBytes(
            tensor.Name, tensor.Format, tensor.Dimensions, file.Bytes(tensor, 0, (int)tensor.ByteLength).ToArray()))]);
        return path;
    }
}
