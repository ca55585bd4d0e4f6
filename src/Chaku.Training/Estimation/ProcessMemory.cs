using System.Diagnostics;
using System.Globalization;

namespace Chaku.Training.Estimation;

/// <summary>What the running process holds in memory, as the system counts it.</summary>
/// <param name="ResidentBytes">Now, pages of mapped files included.</param>
/// <param name="PeakBytes">The most so far.</param>
/// <param name="OwnBytes">Now, without pages of files: nobody can take them away.</param>
internal sealed record ProcessMemory(long ResidentBytes, long PeakBytes, long OwnBytes)
{
    private const string StatusPath = "/proc/self/status";
    private const string MapsPath = "/proc/self/smaps";

    /// <summary>Asks the system.</summary>
    public static ProcessMemory Read()
    {
        if (!File.Exists(StatusPath))
        {
            using Process process = Process.GetCurrentProcess();
            return new ProcessMemory(process.WorkingSet64, process.PeakWorkingSet64, process.WorkingSet64);
        }

        Dictionary<string, long> fields = KernelFields.Read(StatusPath);
        return new ProcessMemory(
            fields.GetValueOrDefault("VmRSS"),
            fields.GetValueOrDefault("VmHWM"),
            fields.GetValueOrDefault("RssAnon") + fields.GetValueOrDefault("RssShmem"));
    }

    /// <summary>Bytes of mapped files that are in memory now; 0 where the system does not say.</summary>
    /// <param name="path">A file, or a folder of files.</param>
    public static long ResidentOf(string path)
    {
        if (!File.Exists(MapsPath))
        {
            return 0;
        }

        HashSet<string> names = [.. Names(path)];
        long bytes = 0;
        bool isOf = false;
        foreach (string line in File.ReadLines(MapsPath))
        {
            // A mapping's first line ends with its path; the others are fields.
            if (line.Contains('/', StringComparison.Ordinal))
            {
                isOf = names.Contains(Path.GetFileName(line));
            }
            else if (line[0] is (>= '0' and <= '9') or (>= 'a' and <= 'f'))
            {
                isOf = false;
            }
            else if (isOf && line.StartsWith("Rss:", StringComparison.Ordinal))
            {
                bytes += KernelFields.Bytes(line["Rss:".Length..]);
            }
        }

        return bytes;
    }

    // A link's target is what is mapped.
    private static IEnumerable<string> Names(string path)
    {
        IEnumerable<string> files = Directory.Exists(path) ? Directory.EnumerateFiles(path) : [path];
        return files.Select(
            file => Path.GetFileName(File.ResolveLinkTarget(file, returnFinalTarget: true)?.Name ?? file));
    }
}

/// <summary>Files of the Linux kernel with a number in each line.</summary>
internal static class KernelFields
{
    /// <summary>The numbers by their names; those in kB in bytes.</summary>
    public static Dictionary<string, long> Read(string path)
    {
        Dictionary<string, long> fields = new(StringComparer.Ordinal);
        foreach (string line in File.ReadLines(path))
        {
            int end = line.AsSpan().IndexOfAny(':', ' ');
            if (end > 0 && Bytes(line[(end + 1)..]) is >= 0 and var value)
            {
                fields[line[..end]] = value;
            }
        }

        return fields;
    }

    /// <summary>A number, in bytes where it is followed by kB; −1 where it is none.</summary>
    public static long Bytes(string text)
    {
        string[] words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return words is [var number, ..]
            && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long value)
                ? words is [_, "kB"] ? value * 1024 : value
                : -1;
    }
}
