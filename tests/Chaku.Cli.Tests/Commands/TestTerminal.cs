namespace Chaku.Cli.Tests.Commands;

/// <summary>Streams in memory; a person sits there if a test says so.</summary>
internal sealed class TestTerminal(string input) : Terminal, IDisposable
{
    private readonly CancellationTokenSource _cancellation = new();
    private readonly StringReader _input = new(input);
    private readonly Recorder _output = new();
    private readonly Recorder _error = new();

    public bool IsPersonal { get; init; }

    public bool HasErrorTerminal { get; init; }

    /// <summary>Called with everything that is printed as a result.</summary>
    public Action<TestTerminal>? OnOutput
    {
        init => _output.OnWrite = () => value?.Invoke(this);
    }

    /// <summary>Called with everything else that is printed.</summary>
    public Action<TestTerminal>? OnError
    {
        init => _error.OnWrite = () => value?.Invoke(this);
    }

    /// <summary>Who types instead of the text that is piped in.</summary>
    public TextReader? Keyboard { get; init; }

    public override TextReader Input => Keyboard ?? _input;

    public override TextWriter Output => _output;

    public override TextWriter Error => _error;

    public override bool IsInputTerminal => IsPersonal;

    public override bool IsOutputTerminal => IsPersonal;

    public override bool IsErrorTerminal => HasErrorTerminal;

    /// <summary>Called whenever a part of the work asks for what stops it.</summary>
    public Action<TestTerminal>? OnCancellation { get; init; }

    public override CancellationToken Cancellation
    {
        get
        {
            OnCancellation?.Invoke(this);
            return _cancellation.Token;
        }
    }

    /// <summary>Ctrl-C.</summary>
    public void Press()
    {
        if (!Interrupt())
        {
            _cancellation.Cancel();
        }
    }

    public void Dispose()
    {
        _cancellation.Dispose();
        _input.Dispose();
    }

    private sealed class Recorder : StringWriter
    {
        public Action? OnWrite { get; set; }

        public override void Write(string? value)
        {
            base.Write(value);
            OnWrite?.Invoke();
        }

        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            OnWrite?.Invoke();
        }
    }
}
