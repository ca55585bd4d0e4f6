using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Chaku.Kernels.Threading;

/// <summary>
/// The engine's own threads. A dispatch hands out items one by one, and returns when all are done. One dispatch at a
/// time: an item dispatches nothing.
/// </summary>
/// <remarks>
/// Idle threads spin for at most 20 µs (a token has a hundred dispatches, a few µs apart) and then park; they never
/// spin where there are more threads than processors.
/// </remarks>
internal sealed unsafe class ComputePool : IDisposable
{
    /// <summary>
    /// Threads at most. Where the system has no more to give, the runtime ends the process: it throws nothing.
    /// </summary>
    public const int MostThreads = 1024;

    private const uint Closed = uint.MaxValue;
    private const double SpinSeconds = 20e-6;

    private readonly Worker[] _workers;
    private readonly Scratch _callerScratch = new();
    private readonly long _spinTicks;
    private Dispatch _dispatch;
    private ExceptionDispatchInfo? _failure;
    private volatile bool _stopping;
    private int _isRunning;

    // Upper half: the dispatch's number. Lower half: the next item nobody has claimed. Both change in one exchange, so
    // a thread that slept through a dispatch can claim nothing of the one after it.
    private PaddedCounter _next;
    private PaddedCounter _completed;

    /// <summary>Starts the threads.</summary>
    /// <param name="threadCount">Threads in all, the caller's included; 1 to <see cref="MostThreads"/>.</param>
    public ComputePool(int threadCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threadCount, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threadCount, MostThreads);
        _next.Value = Closed;
        _spinTicks = threadCount <= Environment.ProcessorCount ? (long)(Stopwatch.Frequency * SpinSeconds) : 0;
        _workers = new Worker[threadCount - 1];
        for (int i = 0; i < _workers.Length; i++)
        {
            _workers[i] = new Worker(this, i + 1);
        }
    }

    /// <summary>Threads in all, the caller's included.</summary>
    public int ThreadCount => _workers.Length + 1;

    /// <summary>Memory for what a dispatch prepares for the next; its pieces are given back by the caller.</summary>
    public Scratch SharedScratch { get; } = new();

    /// <summary>Executes items 0 to <paramref name="count"/> − 1, each once, in any order and on any thread.</summary>
    /// <param name="count">Items.</param>
    /// <param name="work">What an item does. A local variable of the caller: other threads have its address.</param>
    /// <exception cref="Exception">The first that an item threw; the other items may not have run.</exception>
    /// <exception cref="InvalidOperationException">A dispatch is running; this may be one of its items.</exception>
    public void Run<TWork>(int count, ref TWork work)
        where TWork : struct, IParallelWork, allows ref struct
    {
        if (Interlocked.Exchange(ref _isRunning, 1) != 0)
        {
            throw new InvalidOperationException("the pool's threads are at work on another dispatch");
        }

        try
        {
            if (_workers.Length == 0 || count <= 1)
            {
                RunAlone(count, ref work);
            }
            else
            {
                RunShared(count, ref work);
            }
        }
        finally
        {
            Volatile.Write(ref _isRunning, 0);
        }
    }

    /// <summary>Ends the threads. No dispatch may be running.</summary>
    public void Dispose()
    {
        if (_stopping)
        {
            return;
        }

        _stopping = true;
        foreach (Worker worker in _workers)
        {
            worker.Dispose();
        }

        _callerScratch.Dispose();
        SharedScratch.Dispose();
    }

    private void RunAlone<TWork>(int count, ref TWork work)
        where TWork : struct, IParallelWork, allows ref struct
    {
        for (int index = 0; index < count; index++)
        {
            _callerScratch.Reset();
            work.Execute(index, _callerScratch);
        }
    }

    private void RunShared<TWork>(int count, ref TWork work)
        where TWork : struct, IParallelWork, allows ref struct
    {
        // The work lives on the caller's stack, which does not unwind before every claimed item is done.
        uint number = (uint)(Volatile.Read(ref _next.Value) >>> 32) + 1;
        Interlocked.Exchange(ref _next.Value, Word(number, Closed));
        _dispatch = new Dispatch(Unsafe.AsPointer(ref work), &Execute<TWork>, (uint)count);
        _completed.Value = 0;
        Interlocked.Exchange(ref _next.Value, Word(number, 0));
        foreach (Worker worker in _workers)
        {
            worker.Wake();
        }

        RunItems(number, _callerScratch);
        WaitUntilCompleted(count);
        if (Interlocked.Exchange(ref _failure, null) is { } failure)
        {
            failure.Throw();
        }
    }

    private static long Word(uint number, uint next) => (long)(((ulong)number << 32) | next);

    private static void Execute<TWork>(void* work, int index, Scratch scratch)
        where TWork : struct, IParallelWork, allows ref struct =>
        Unsafe.AsRef<TWork>(work).Execute(index, scratch);

    private void RunItems(uint number, Scratch scratch)
    {
        while (true)
        {
            long word = Volatile.Read(ref _next.Value);
            Dispatch dispatch = _dispatch;
            uint index = (uint)word;
            if ((uint)(word >>> 32) != number || index == Closed || index >= dispatch.Count)
            {
                return;
            }

            if (Interlocked.CompareExchange(ref _next.Value, word + 1, word) != word)
            {
                continue;
            }

            try
            {
                scratch.Reset();
                dispatch.Execute(dispatch.Work, (int)index, scratch);
            }
            catch (Exception exception) when (Remember(exception))
            {
                // Remembered: the caller of Run throws it once no thread uses its stack frame any more.
            }

            Interlocked.Increment(ref _completed.Value);
        }
    }

    private bool Remember(Exception exception)
    {
        Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(exception), null);
        return true;
    }

    private void WaitUntilCompleted(long count)
    {
        SpinWait wait = default;
        long start = Stopwatch.GetTimestamp();
        while (Volatile.Read(ref _completed.Value) != count)
        {
            if (Stopwatch.GetTimestamp() - start < _spinTicks)
            {
                Thread.SpinWait(8);
            }
            else
            {
                wait.SpinOnce(sleep1Threshold: -1);
            }
        }
    }

    // Alone in its cache lines: every thread writes it.
    [StructLayout(LayoutKind.Explicit, Size = 192)]
    private struct PaddedCounter
    {
        [FieldOffset(64)]
        public long Value;
    }

    private readonly struct Dispatch(void* work, delegate*<void*, int, Scratch, void> execute, uint count)
    {
        public readonly void* Work = work;
        public readonly delegate*<void*, int, Scratch, void> Execute = execute;
        public readonly uint Count = count;
    }

    private sealed class Worker : IDisposable
    {
        private readonly ComputePool _pool;
        private readonly Thread _thread;
        private readonly SemaphoreSlim _wake = new(0);
        private readonly Scratch _scratch = new();
        private int _parked;

        public Worker(ComputePool pool, int number)
        {
            _pool = pool;
            _thread = new Thread(Loop) { IsBackground = true, Name = $"compute {number}" };
            _thread.Start();
        }

        public void Wake()
        {
            if (Volatile.Read(ref _parked) == 1 && Interlocked.Exchange(ref _parked, 0) == 1)
            {
                _wake.Release();
            }
        }

        public void Dispose()
        {
            _wake.Release();
            _thread.Join();
            _wake.Dispose();
            _scratch.Dispose();
        }

        private void Loop()
        {
            uint seen = 0;
            while (!_pool._stopping)
            {
                uint number = WaitForDispatch(seen);
                _pool.RunItems(number, _scratch);
                seen = number;
            }
        }

        private uint WaitForDispatch(uint seen)
        {
            long start = Stopwatch.GetTimestamp();
            while (true)
            {
                uint number = Current(seen);
                if (number != seen || _pool._stopping)
                {
                    return number;
                }

                if (Stopwatch.GetTimestamp() - start < _pool._spinTicks)
                {
                    Thread.SpinWait(8);
                    continue;
                }

                // Parked is visible before the last look, the number before a waker looks at parked: no wake is lost.
                Interlocked.Exchange(ref _parked, 1);
                if (Current(seen) == seen && !_pool._stopping)
                {
                    _wake.Wait();
                }

                Interlocked.Exchange(ref _parked, 0);
                start = Stopwatch.GetTimestamp();
            }
        }

        // A closed dispatch is still being written: its number is news only once its items can be claimed.
        private uint Current(uint seen)
        {
            long word = Volatile.Read(ref _pool._next.Value);
            return (uint)word == Closed ? seen : (uint)(word >>> 32);
        }
    }
}
