using System.Runtime.InteropServices;
using System.Text;

namespace Chaku.Cli;

/// <summary>The process's own streams and signals.</summary>
internal sealed class StandardTerminal : Terminal, IDisposable
{
    // SIGXFSZ: without a handler the process dies of writing past a file-size limit, and leaves half a file.
    private const int FileSizeExceeded = 25;

    private const string ShowCursor = "\u001b[?25h";

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    // For as long as the process lives: a signal may be handled after the write that it belongs to has failed and been
    // reported, and would still kill a process that has stopped listening.
    private static PosixSignalRegistration? _fileSizeExceeded;

    private readonly CancellationTokenSource _cancellation = new();
    private readonly List<PosixSignalRegistration> _signals = [];
    private readonly Lazy<TextReader> _input = new(() => Console.IsInputRedirected
        ? new StreamReader(Console.OpenStandardInput(), Utf8)
        : Console.In);

    /// <summary>Takes over the streams and the signals.</summary>
    public StandardTerminal()
    {
        Output = new StreamWriter(StandardOutput.Open(), Utf8);
        Error = new StandardError(new StreamWriter(Console.OpenStandardError(), Utf8) { AutoFlush = true });
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop));
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop));
        if (OperatingSystem.IsLinux() || OperatingSystem.IsMacOS())
        {
            _fileSizeExceeded ??= PosixSignalRegistration.Create(
                (PosixSignal)FileSizeExceeded, signal => signal.Cancel = true);
        }
    }

    /// <inheritdoc/>
    public override TextReader Input => _input.Value;

    /// <inheritdoc/>
    public override TextWriter Output { get; }

    /// <inheritdoc/>
    public override TextWriter Error { get; }

    /// <inheritdoc/>
    public override bool IsInputTerminal => !Console.IsInputRedirected;

    /// <inheritdoc/>
    public override bool IsOutputTerminal => !Console.IsOutputRedirected;

    /// <inheritdoc/>
    public override bool IsErrorTerminal => !Console.IsErrorRedirected;

    /// <inheritdoc/>
    public override CancellationToken Cancellation => _cancellation.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        _signals.ForEach(signal => signal.Dispose());
        _cancellation.Dispose();
    }

    private void Stop(PosixSignalContext signal)
    {
        if (IsWaiting)
        {
            // Nothing to be stopped cleanly, and nobody would look before the next line: the signal does what it does.
            return;
        }

        if (signal.Signal == PosixSignal.SIGINT && Interrupt())
        {
            signal.Cancel = true;
        }
        else if (!_cancellation.IsCancellationRequested)
        {
            // The work stops where it can stop cleanly; who cannot wait for that presses again.
            signal.Cancel = true;
            _cancellation.Cancel();
        }
        else if (IsErrorTerminal)
        {
            // The process dies now: a live view may have hidden the cursor.
            Error.WriteLine(ShowCursor);
        }
    }
}
