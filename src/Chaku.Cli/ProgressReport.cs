using System.Diagnostics;
using Spectre.Console;

namespace Chaku.Cli;

/// <summary>
/// A progress bar with the time left, on a terminal, for work that takes long; gone when disposed.
/// </summary>
/// <param name="terminal">Where it is drawn.</param>
/// <param name="what">What is done.</param>
/// <param name="patience">How long nothing is shown; null for two seconds.</param>
internal sealed class ProgressReport(Terminal terminal, string what, TimeSpan? patience = null) : IDisposable
{
    private static readonly TimeSpan UsualPatience = TimeSpan.FromSeconds(2);

    private readonly TimeSpan _patience = patience ?? UsualPatience;
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly TaskCompletionSource _isDone = new();
    private Task? _drawing;
    private ProgressTask? _bar;

    /// <summary>Notes how far the work is.</summary>
    public void Report(long done, long all) => Report(done, all, what);

    /// <summary>Notes how far the work is, and what is done now.</summary>
    public void Report(long done, long all, string state)
    {
        if (!terminal.IsErrorTerminal || (_drawing is null && Stopwatch.GetElapsedTime(_start) < _patience))
        {
            return;
        }

        _drawing ??= Draw();
        if (_bar is { } bar)
        {
            bar.Description = Markup.Escape(state);
            bar.MaxValue = all;
            bar.Value = done;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isDone.TrySetResult();
        _drawing?.GetAwaiter().GetResult();
        _drawing = null;
    }

    private Task Draw() => terminal.ErrorConsole().Progress()
        .AutoClear(true)
        .Columns(
            new TaskDescriptionColumn(),
            new ProgressBarColumn(),
            new PercentageColumn(),
            new RemainingTimeColumn())
        .StartAsync(context =>
        {
            _bar = context.AddTask(Markup.Escape(what));
            return _isDone.Task;
        });
}
