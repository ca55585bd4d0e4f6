using System.Collections.Concurrent;
using Spectre.Console;

namespace Chaku.Cli.Reports;

/// <summary>
/// Shows a tuning run in a terminal while it goes on, some times a second and never from the thread that trains. When
/// disposed the last picture stays, and the cursor is back.
/// </summary>
internal sealed class TuneView : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly IAnsiConsole _console;
    private readonly TuneState _state;
    private readonly CancellationToken _cancellation;
    private readonly ConcurrentQueue<string> _notices = new();
    private readonly TaskCompletionSource _isDone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _drawing;

    /// <summary>Begins to show it.</summary>
    /// <param name="console">The terminal; it understands ANSI's commands.</param>
    /// <param name="state">The run.</param>
    /// <param name="cancellation">What stops the run.</param>
    public TuneView(IAnsiConsole console, TuneState state, CancellationToken cancellation)
    {
        _console = console;
        _state = state;
        _cancellation = cancellation;
        _drawing = console.Live(Picture()).AutoClear(false).Overflow(VerticalOverflow.Crop).StartAsync(Draw);
    }

    /// <summary>Says something above the picture.</summary>
    public void Say(string line) => _notices.Enqueue(line);

    /// <inheritdoc/>
    public void Dispose()
    {
        _isDone.TrySetResult();
        _drawing.GetAwaiter().GetResult();
    }

    private async Task Draw(LiveDisplayContext context)
    {
        bool isLast;
        do
        {
            isLast = _isDone.Task.IsCompleted;
            while (_notices.TryDequeue(out string? notice))
            {
                _console.Write(new Text(notice + "\n"));
            }

            context.UpdateTarget(Picture());
            if (!isLast)
            {
                await Task.WhenAny(_isDone.Task, Task.Delay(Interval, CancellationToken.None)).ConfigureAwait(false);
            }
        }
        while (!isLast);
    }

    private Spectre.Console.Rendering.IRenderable Picture() =>
        new TuneScreen(_console.Profile.Width, _console.Profile.Height, _console.Profile.Capabilities.Unicode)
            .Draw(_state.Now(), _cancellation.IsCancellationRequested && !_isDone.Task.IsCompleted);
}
