using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Chaku.SideBySide.Engines;

/// <summary>
/// A peer in a process of its own, which answers each line of JSON with a line of JSON. Every answer has
/// <c>error</c> or what was asked for.
/// </summary>
internal sealed class PeerProcess : IDisposable
{
    private const int KeptErrorLines = 8;

    private readonly Process _process;
    private readonly Queue<string> _errors = [];

    /// <summary>Starts it.</summary>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <exception cref="PeerException">It cannot be started.</exception>
    public PeerProcess(string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        };
        try
        {
            _process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new PeerException($"{program} cannot be started: {exception.Message}");
        }

        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginErrorReadLine();
    }

    /// <summary>The process's number.</summary>
    public int Id => _process.Id;

    /// <summary>Asks, and waits for the answer.</summary>
    /// <exception cref="PeerException">The peer says that it cannot, or is gone.</exception>
    public JsonObject Ask(JsonObject question)
    {
        try
        {
            _process.StandardInput.WriteLine(question.ToJsonString());
            _process.StandardInput.Flush();
            string line = _process.StandardOutput.ReadLine() ?? throw new PeerException(Gone());
            JsonObject answer = JsonNode.Parse(line)!.AsObject();
            return answer["error"] is { } error ? throw new PeerException(error.GetValue<string>()) : answer;
        }
        catch (Exception exception) when (exception is IOException or JsonException)
        {
            throw new PeerException($"{exception.Message} {Gone()}");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It is gone already, which is what is wanted.
        }

        if (!_process.WaitForExit(TimeSpan.FromSeconds(10)))
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private void Keep(string? line)
    {
        lock (_errors)
        {
            if (!string.IsNullOrWhiteSpace(line))
            {
                _errors.Enqueue(line);
            }

            if (_errors.Count > KeptErrorLines)
            {
                _errors.Dequeue();
            }
        }
    }

    private string Gone()
    {
        lock (_errors)
        {
            return $"the peer ended; its last words: {string.Join(" | ", _errors)}";
        }
    }
}

/// <summary>A peer is not there, or cannot do what it was asked for.</summary>
internal sealed class PeerException(string message) : Exception(message);
