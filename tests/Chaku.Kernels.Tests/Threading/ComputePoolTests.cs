using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Tests.Threading;

public sealed class ComputePoolTests
{
    public static TheoryData<int> ThreadCounts => [1, 2, 3, 8];

    [Theory]
    [MemberData(nameof(ThreadCounts))]
    public void Every_item_runs_once(int threadCount)
    {
        using ComputePool pool = new(threadCount);
        Assert.Equal(threadCount, pool.ThreadCount);
        foreach (int count in new[] { 0, 1, 2, 3, 1000, 0, 1, 1000, 2 })
        {
            int[] runs = new int[count];
            Counting work = new(runs);
            pool.Run(count, ref work);
            Assert.All(runs, run => Assert.Equal(1, run));
        }
    }

    [Theory]
    [MemberData(nameof(ThreadCounts))]
    public void Thousands_of_tiny_dispatches_lose_nothing(int threadCount)
    {
        using ComputePool pool = new(threadCount);
        int[] runs = new int[5];
        int dispatches = threadCount <= Environment.ProcessorCount ? 20_000 : 3_000;
        for (int i = 0; i < dispatches; i++)
        {
            Counting work = new(runs.AsSpan(0, 2 + (i % 4)));
            pool.Run(2 + (i % 4), ref work);
        }

        Assert.Equal(
            [dispatches, dispatches, dispatches / 4 * 3, dispatches / 4 * 2, dispatches / 4], runs);
    }

    [Theory]
    [MemberData(nameof(ThreadCounts))]
    public void Dispatches_after_threads_have_parked_lose_nothing(int threadCount)
    {
        using ComputePool pool = new(threadCount);
        int[] runs = new int[64];
        for (int i = 0; i < 50; i++)
        {
            Thread.Sleep(1);
            Counting work = new(runs);
            pool.Run(runs.Length, ref work);
        }

        Assert.All(runs, run => Assert.Equal(50, run));
    }

    [Theory]
    [MemberData(nameof(ThreadCounts))]
    public void An_item_s_exception_reaches_the_caller_and_the_pool_works_on(int threadCount)
    {
        using ComputePool pool = new(threadCount);
        for (int i = 0; i < 100; i++)
        {
            Throwing throwing = new(failing: i % 40);
            InvalidDataException? caught = null;
            try
            {
                pool.Run(40, ref throwing);
            }
            catch (InvalidDataException exception)
            {
                caught = exception;
            }

            Assert.Equal($"item {i % 40}", caught?.Message);
            int[] runs = new int[10];
            Counting work = new(runs);
            pool.Run(10, ref work);
            Assert.All(runs, run => Assert.Equal(1, run));
        }
    }

    [Theory]
    [MemberData(nameof(ThreadCounts))]
    public void An_item_may_not_dispatch(int threadCount)
    {
        using ComputePool pool = new(threadCount);
        for (int count = 1; count < 4; count++)
        {
            Nesting nesting = new(pool);
            bool isRefused = false;
            try
            {
                pool.Run(count, ref nesting);
            }
            catch (InvalidOperationException)
            {
                isRefused = true;
            }

            Assert.True(isRefused);
        }

        int[] runs = new int[10];
        Counting work = new(runs);
        pool.Run(10, ref work);
        Assert.All(runs, run => Assert.Equal(1, run));
    }

    [Theory]
    [MemberData(nameof(ThreadCounts))]
    public void A_pool_is_disposed_while_parked_and_while_spinning_and_twice(int threadCount)
    {
        for (int i = 0; i < 20; i++)
        {
            ComputePool pool = new(threadCount);
            int[] runs = new int[8];
            Counting work = new(runs);
            pool.Run(i % 2 * runs.Length, ref work);
            Thread.Sleep(i % 3);
            pool.Dispose();
            pool.Dispose();
        }
    }

    [Theory]
    [MemberData(nameof(ThreadCounts))]
    public void A_dispatch_allocates_nothing(int threadCount)
    {
        using ComputePool pool = new(threadCount);
        int[] runs = new int[16];
        Dispatch(pool, runs, 200);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Dispatch(pool, runs, 500);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void An_item_s_spans_follow_arrays_that_the_collector_moves()
    {
        using ComputePool pool = new(3);
        using CancellationTokenSource done = new();
        Thread collector = new(() =>
        {
            while (!done.IsCancellationRequested)
            {
                byte[][] garbage = [.. Enumerable.Range(0, 200).Select(i => new byte[i + 10])];
                GC.Collect(garbage.Length % 2, GCCollectionMode.Forced, blocking: true, compacting: true);
            }
        });
        collector.Start();
        for (int i = 0; i < 1500; i++)
        {
            byte[] hole = new byte[i + 24];
            int[] source = [.. Enumerable.Range(i, 500)];
            int[] target = new int[500];
            Copying work = new(source, target);
            pool.Run(50, ref work);
            Assert.Equal(source, target);
            Assert.Equal(i + 24, hole.Length);
        }

        done.Cancel();
        collector.Join();
    }

    [Fact]
    public void A_pool_has_at_least_one_thread() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new ComputePool(0));

    private static void Dispatch(ComputePool pool, int[] runs, int times)
    {
        for (int i = 0; i < times; i++)
        {
            Counting work = new(runs);
            pool.Run(runs.Length, ref work);
        }
    }

    private readonly ref struct Counting(Span<int> runs) : IParallelWork
    {
        private readonly Span<int> _runs = runs;

        public void Execute(int index, Scratch scratch) => Interlocked.Increment(ref _runs[index]);
    }

    private readonly ref struct Throwing(int failing) : IParallelWork
    {
        public void Execute(int index, Scratch scratch)
        {
            if (index == failing)
            {
                throw new InvalidDataException($"item {index}");
            }
        }
    }

    private readonly ref struct Nesting(ComputePool pool) : IParallelWork
    {
        public void Execute(int index, Scratch scratch)
        {
            Throwing inner = new(failing: -1);
            pool.Run(1, ref inner);
        }
    }

    private readonly ref struct Copying(ReadOnlySpan<int> source, Span<int> target) : IParallelWork
    {
        private readonly ReadOnlySpan<int> _source = source;
        private readonly Span<int> _target = target;

        public void Execute(int index, Scratch scratch)
        {
            for (int i = index * 10; i < (index + 1) * 10; i++)
            {
                _target[i] = _source[i];
            }
        }
    }
}
