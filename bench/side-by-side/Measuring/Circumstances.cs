using System.Diagnostics;
using System.Globalization;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Chaku.SideBySide.Measuring;

/// <summary>When, where and of what something was measured.</summary>
/// <param name="Date">The day, in UTC.</param>
/// <param name="Commit">Chaku's commit; with <c>+</c> where files were changed since.</param>
/// <param name="Processor">
/// Its name as the system has it, its logical processors, and the level of instructions.
/// </param>
/// <param name="Runtime">.NET's version and the operating system.</param>
/// <param name="LoadAverage">Programs that wanted a processor in the minute before; 0 on a quiet machine.</param>
internal sealed record Circumstances(string Date, string Commit, string Processor, string Runtime, string LoadAverage)
{
    /// <summary>Versions of the peers that took part.</summary>
    public IReadOnlyList<string> Peers { get; init; } = [];

    /// <summary>Of now and here.</summary>
    public static Circumstances Now() => new(
        DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        CommitOf(AppContext.BaseDirectory),
        string.Create(
            CultureInfo.InvariantCulture, $"{ProcessorName()}, {Environment.ProcessorCount} processors, {Level()}"),
        $".NET {Environment.Version}, {Environment.OSVersion.VersionString}",
        File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown");

    private static string ProcessorName()
    {
        const string path = "/proc/cpuinfo";
        string[] fields = File.Exists(path)
            ? File.ReadLines(path).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
                ?.Split(':') ?? []
            : [];
        return fields is [_, var name] ? name.Trim() : "unknown processor";
    }

    private static string Level() => (Avx512F.IsSupported, Avx2.IsSupported, AdvSimd.IsSupported) switch
    {
        (true, _, _) => "AVX-512",
        (_, true, _) => "AVX2",
        (_, _, true) => "AdvSimd",
        _ => "no vectors",
    };

    private static string CommitOf(string folder)
    {
        try
        {
            string commit = Git(folder, "rev-parse", "--short", "HEAD");
            return Git(folder, "status", "--porcelain", "--untracked-files=no").Length > 0 ? commit + "+" : commit;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "unknown";
        }
    }

    private static string Git(string folder, params string[] arguments)
    {
        using Process git = Process.Start(
            new ProcessStartInfo("git", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true })!;
        string output = git.StandardOutput.ReadToEnd().Trim();
        git.WaitForExit();
        return git.ExitCode == 0 ? output : "unknown";
    }
}
