using System.Text.Json;
using Chaku.Cli.Options;
using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Model.Conversion;
using Chaku.Model.Files;

namespace Chaku.Cli.Commands;

/// <summary>Writes an adapter as files of another kind, and says what came of it.</summary>
internal static class ConvertAdapterJob
{
    /// <summary>Converts.</summary>
    /// <param name="terminal">Where it is said.</param>
    /// <param name="adapter">The adapter.</param>
    /// <param name="target">The file or folder to write.</param>
    /// <param name="basePath">The model that the adapter is for.</param>
    /// <param name="command">The command line, for the new files.</param>
    /// <param name="isForced">Takes an adapter of another base or template, and replaces what is there.</param>
    /// <param name="threadCount">Threads.</param>
    /// <param name="isJson">Prints for scripts.</param>
    /// <returns>An entry of <see cref="ExitCodes"/>.</returns>
    /// <remarks>What is thrown, <see cref="AdapterConversion.Run"/> says.</remarks>
    public static int Run(
        Terminal terminal,
        string adapter,
        string target,
        string basePath,
        string command,
        bool isForced,
        int threadCount,
        bool isJson)
    {
        string resolved = ModelPath.Resolve(basePath);
        AdapterContainers.Named(target).RequireFree(target, isForced, adapter, resolved);
        ConvertedAdapter converted =
            Convert(terminal, adapter, target, resolved, command, isForced, threadCount);
        foreach (string notice in converted.Notices)
        {
            terminal.Warn(notice);
        }

        if (isJson)
        {
            JsonOutput.WriteObject(terminal.Output, json => WriteFields(json, target, converted));
        }
        else
        {
            terminal.Output.WriteLine(
                $"{target}: the adapter {adapter} in the format {converted.To.Name}, {converted.MatrixCount} matrices");
        }

        return ExitCodes.Success;
    }

    private static ConvertedAdapter Convert(
        Terminal terminal,
        string adapter,
        string target,
        string basePath,
        string command,
        bool isForced,
        int threadCount)
    {
        using LanguageModel model =
            LanguageModel.Load(basePath, new ModelOptions { ThreadCount = threadCount, Repack = false });
        using ProgressReport progress = terminal.Progress("reading the model to know it again");
        return AdapterConversion.Run(
            adapter,
            target,
            model,
            ContentHashCache.ForUser(),
            command,
            isForced,
            progress.Report,
            terminal.Cancellation);
    }

    private static void WriteFields(Utf8JsonWriter json, string target, ConvertedAdapter converted)
    {
        json.WriteString("kind", "adapter");
        json.WriteString("file", target);
        json.WriteString("from", converted.From.Name);
        json.WriteString("to", converted.To.Name);
        json.WriteNumber("matrix_count", converted.MatrixCount);
        json.WriteString("license", converted.Origin.License?.Name);
        json.WriteStartArray("notices");
        foreach (string notice in converted.Notices)
        {
            json.WriteStringValue(notice);
        }

        json.WriteEndArray();
    }
}
