using System.Diagnostics;
using Spectre.Console;

namespace Chaku.Cli;

/// <summary>
/// A progress bar with the time left, on a terminal, for work of more than two seconds; gone when disposed.
/// </summary>
/// <param name="terminal">Where it is drawn.</param>
/// <param name="what">What is done.</param>
internal sealed class ProgressReport(Terminal terminal, string what) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly TaskCompletionSource _isDone = new();
    private Task? _drawing;
    private ProgressTask? _bar;

    /// <summary>Notes how far the work is.</summary>
    public void Report(long done, long all) => Report(done, all, what);

    /// <summary>Notes how far the work is, and what is done now.</summary>
    public void Report(long done, long all, string state)
    {
        if (!terminal.IsErrorTerminal || (_drawing is null && Stopwatch.GetElapsedTime(_start) < Patience))
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
