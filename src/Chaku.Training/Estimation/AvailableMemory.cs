using System.Globalization;

namespace Chaku.Training.Estimation;

/// <summary>How much memory this process may hold in all.</summary>
internal static class AvailableMemory
{
    /// <summary>What the machine has free, or a container leaves, and what the process holds already.</summary>
    /// <param name="ownBytes">What the process holds, without pages of files.</param>
    /// <param name="root">Where the system's files lie; another folder in tests.</param>
    public static long Read(long ownBytes, string root = "/")
    {
        long free = MachineFree(root);
        foreach (ControlGroup group in ControlGroup.Of(root))
        {
            free = Math.Min(free, group.FreeBytes);
        }

        return free + ownBytes;
    }

    private static long MachineFree(string root)
    {
        string path = Path.Combine(root, "proc/meminfo");
        if (File.Exists(path) && KernelFields.Read(path).TryGetValue("MemAvailable", out long available))
        {
            return available;
        }

        GCMemoryInfo memory = GC.GetGCMemoryInfo();
        return Math.Max(0, memory.TotalAvailableMemoryBytes - memory.MemoryLoadBytes);
    }

    /// <summary>A group of processes that may hold so much memory together.</summary>
    private sealed record ControlGroup(string Folder, string LimitFile, string UsageFile)
    {
        // The kernel's first version writes a huge number for no limit, the second a word.
        private const long NoLimit = 1L << 60;

        public long FreeBytes
        {
            get
            {
                if (!TryRead(LimitFile, out long limit) || limit >= NoLimit || !TryRead(UsageFile, out long usage))
                {
                    return long.MaxValue;
                }

                // Pages of files are given back when memory is short.
                string statistics = Path.Combine(Folder, "memory.stat");
                Dictionary<string, long> fields = File.Exists(statistics) ? KernelFields.Read(statistics) : [];
                long files = fields.GetValueOrDefault("inactive_file") + fields.GetValueOrDefault("active_file");
                return Math.Max(0, limit - Math.Max(0, usage - files));
            }
        }

        /// <summary>The process's own group and those around it.</summary>
        public static IEnumerable<ControlGroup> Of(string root)
        {
            string own = Path.Combine(root, "proc/self/cgroup");
            foreach (string line in File.Exists(own) ? File.ReadAllLines(own) : [])
            {
                if (line.Split(':', 3) is [_, var controllers, var path])
                {
                    bool isSecond = controllers.Length == 0;
                    if (isSecond || controllers.Split(',').Contains("memory"))
                    {
                        string mount = Path.Combine(root, "sys/fs/cgroup", isSecond ? "" : "memory");
                        foreach (string folder in Around(mount, path))
                        {
                            yield return isSecond
                                ? new ControlGroup(folder, "memory.max", "memory.current")
                                : new ControlGroup(folder, "memory.limit_in_bytes", "memory.usage_in_bytes");
                        }
                    }
                }
            }
        }

        // In a container the path can be one that only the host sees: what lies at the mount is the container's own.
        private static IEnumerable<string> Around(string mount, string path)
        {
            string[] parts = [.. path.Split('/').Where(part => part is not ("" or "." or ".."))];
            for (int count = parts.Length; count >= 0; count--)
            {
                yield return Path.Combine([mount, .. parts.Take(count)]);
            }
        }

        private bool TryRead(string file, out long value)
        {
            string path = Path.Combine(Folder, file);
            value = 0;
            return File.Exists(path) && long.TryParse(
                File.ReadAllText(path).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out value);
        }
    }
}
