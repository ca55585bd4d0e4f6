using Chaku.Training.Estimation;

namespace Chaku.Training.Tests.Estimation;

/// <summary>What the system says, from files as Linux writes them.</summary>
public sealed class AvailableMemoryTests : IDisposable
{
    private const string Machine = "MemTotal:  8000 kB\nMemFree:  1000 kB\nMemAvailable:  5000 kB\n";

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("chaku-test");

    [Fact]
    public void A_machine_has_what_is_available_and_what_the_process_holds()
    {
        Write("proc/meminfo", Machine);

        Assert.Equal((5000 * 1024) + 77, AvailableMemory.Read(77, _root.FullName));
    }

    [Theory]
    [InlineData("0::/\n", "sys/fs/cgroup")]
    [InlineData("0::/outer/job\n", "sys/fs/cgroup/outer/job")]
    [InlineData("0::/outer/job\n", "sys/fs/cgroup/outer")]
    [InlineData("0::/not/seen/from/inside\n", "sys/fs/cgroup")]
    public void A_container_has_what_its_limit_leaves(string groups, string folder)
    {
        Write("proc/meminfo", Machine);
        Write("proc/self/cgroup", groups);
        Write(folder + "/memory.max", "3000000\n");
        Write(folder + "/memory.current", "1000000\n");
        Write(folder + "/memory.stat", "anon 400000\nactive_file 100000\ninactive_file 500000\n");

        Assert.Equal(2_600_000 + 77, AvailableMemory.Read(77, _root.FullName));
    }

    [Fact]
    public void So_it_has_under_the_kernels_first_version()
    {
        Write("proc/meminfo", Machine);
        Write("proc/self/cgroup", "4:cpu,cpuacct:/job\n3:memory:/job\n");
        Write("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "3000000\n");
        Write("sys/fs/cgroup/memory/job/memory.usage_in_bytes", "1000000\n");

        Assert.Equal(2_000_000, AvailableMemory.Read(0, _root.FullName));
    }

    [Theory]
    [InlineData("max\n")]
    [InlineData("9223372036854771712\n")]
    [InlineData("nonsense")]
    public void A_group_without_a_limit_changes_nothing(string limit)
    {
        Write("proc/meminfo", Machine);
        Write("proc/self/cgroup", "0::/\n");
        Write("sys/fs/cgroup/memory.max", limit);
        Write("sys/fs/cgroup/memory.current", "1000000\n");

        Assert.Equal(5000 * 1024, AvailableMemory.Read(0, _root.FullName));
    }

    [Fact]
    public void A_system_that_says_nothing_has_what_the_runtime_knows() =>
        Assert.InRange(AvailableMemory.Read(0, _root.FullName), 1 << 20, long.MaxValue - 1);

    [Fact]
    public void The_running_process_holds_something()
    {
        ProcessMemory now = ProcessMemory.Read();

        Assert.InRange(now.OwnBytes, 1 << 20, now.ResidentBytes);
        Assert.True(now.PeakBytes >= now.ResidentBytes / 2);
    }

    public void Dispose() => _root.Delete(recursive: true);

    private void Write(string path, string content)
    {
        string full = Path.Combine(_root.FullName, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, content);
    }
}
