#:property PublishAot=false

// Everything that must hold before a change is taken: `dotnet run build.cs -- check [--fast]`.
// The last line is always `N passed, N failed, N skipped`; a step that fails counts as one failed.

using System.Diagnostics;
using System.Globalization;
using System.Runtime.Intrinsics.X86;
using System.Xml.Linq;

if (args is not (["check"] or ["check", "--fast"]))
{
    Console.Error.WriteLine("usage: dotnet run build.cs -- check [--fast]");
    return 2;
}

string checkout = AppContext.GetData("EntryPointFileDirectoryPath") as string ?? Environment.CurrentDirectory;
Check check = new(checkout, isFast: args.Contains("--fast"));
return check.Run() ? 0 : 1;

/// <summary>One run over the checkout: the steps, and what they counted.</summary>
internal sealed class Check(string checkout, bool isFast)
{
    // The instruction-set levels below the machine's own. Only kernels may depend on the level.
    private static readonly string[] LowerLevels =
    [
        .. Avx512BW.IsSupported ? ["DOTNET_EnableAVX512"] : Array.Empty<string>(),
        "DOTNET_EnableAVX2",
        "DOTNET_EnableHWIntrinsic",
    ];

    private static readonly TimeSpan TestTimeLimit = TimeSpan.FromMinutes(10);

    private readonly Dictionary<string, int> _skipReasons = [];
    private int _passed;
    private int _failed;
    private int _skipped;

    public bool Run()
    {
        long start = Stopwatch.GetTimestamp();
        string[] build = ["build", "Chaku.slnx", "-c", "Release", "-nologo", "-v", "quiet", "-warnaserror"];
        if (Step("build", () => Dotnet(build)))
        {
            if (!isFast)
            {
                Step("format", () => Dotnet("format", "Chaku.slnx", "--verify-no-changes", "--no-restore"));
            }

            TestEveryProject();
        }

        foreach ((string reason, int count) in _skipReasons.OrderByDescending(reason => reason.Value))
        {
            Console.WriteLine($"skipped {count}: {reason}");
        }

        Console.WriteLine($"{(isFast ? "fast check" : "check")}: {Seconds(start)}");
        Console.WriteLine(FormattableString.Invariant($"{_passed} passed, {_failed} failed, {_skipped} skipped"));
        return _failed == 0;
    }

    private void TestEveryProject()
    {
        string tests = Path.Combine(checkout, "tests");
        foreach (string project in Directory.GetFiles(tests, "*.csproj", SearchOption.AllDirectories).Order())
        {
            Test(Path.GetFileNameWithoutExtension(project), lowerLevel: null);
        }

        foreach (string lowerLevel in isFast ? [] : LowerLevels)
        {
            Test("Chaku.Kernels.Tests", lowerLevel);
        }
    }

    private void Test(string project, string? lowerLevel)
    {
        string results = Path.Combine(checkout, "TestResults", $"{project}{lowerLevel}.xml");
        Directory.CreateDirectory(Path.GetDirectoryName(results)!);
        File.Delete(results);

        ProcessStartInfo start = new("dotnet") { WorkingDirectory = checkout, RedirectStandardOutput = true };
        string program = Path.Combine("tests", project, "bin", "Release", "net10.0", project + ".dll");
        string[] arguments = [program, "-noLogo", "-noColor", "-reporter", "quiet", "-xml", results];
        string[] filter = isFast ? ["-trait-", "Category=Slow"] : [];
        foreach (string argument in arguments.Concat(filter))
        {
            start.ArgumentList.Add(argument);
        }

        if (lowerLevel is not null)
        {
            start.Environment[lowerLevel] = "0";
        }

        string name = lowerLevel is null ? project : $"{project} with {lowerLevel}=0";
        Step(name, () => Execute(start, TestTimeLimit), exitCode => Count(results, exitCode));
    }

    /// <summary>Adds up a test program's results. What it could not say, a crash above all, is one failed.</summary>
    private string Count(string results, int exitCode)
    {
        XElement? assembly = File.Exists(results) ? XDocument.Load(results).Root?.Element("assembly") : null;
        int passed = Number(assembly, "passed");
        int failed = Number(assembly, "failed") + Number(assembly, "errors");
        int skipped = Number(assembly, "skipped");
        string remark = "";
        if (passed + failed + skipped == 0)
        {
            (failed, remark) = (1, $"; no test ran, exit code {exitCode}");
        }
        else if (exitCode != 0 && failed == 0)
        {
            (failed, remark) = (1, $"; exit code {exitCode}");
        }

        foreach (string reason in assembly?.Descendants("reason").Select(reason => reason.Value) ?? [])
        {
            _skipReasons[reason] = _skipReasons.GetValueOrDefault(reason) + 1;
        }

        _passed += passed;
        _failed += failed;
        _skipped += skipped;
        return $"{passed} passed, {failed} failed, {skipped} skipped{remark}";
    }

    private bool Step(string name, Func<int> run) => Step(name, run, exitCode =>
    {
        _failed += exitCode == 0 ? 0 : 1;
        return exitCode == 0 ? "ok" : $"failed with exit code {exitCode}";
    });

    private bool Step(string name, Func<int> run, Func<int, string> report)
    {
        long start = Stopwatch.GetTimestamp();
        int failedBefore = _failed;
        string outcome = report(run());
        Console.WriteLine($"{name}: {outcome} ({Seconds(start)})");
        return _failed == failedBefore;
    }

    private int Dotnet(params string[] arguments) =>
        Execute(new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = checkout }, Timeout.InfiniteTimeSpan);

    /// <summary>Runs a program to its end or the limit; redirected output is printed without skipped tests.</summary>
    private static int Execute(ProcessStartInfo start, TimeSpan limit)
    {
        using Process process = Process.Start(start)!;
        if (start.RedirectStandardOutput)
        {
            SkipFilter filter = new();
            process.OutputDataReceived += (_, line) => filter.Print(line.Data);
            process.BeginOutputReadLine();
        }

        if (!process.WaitForExit(limit))
        {
            process.Kill(entireProcessTree: true);
            Console.WriteLine($"stopped after {limit.TotalMinutes} minutes");
        }

        process.WaitForExit();
        return process.ExitCode;
    }

    private static int Number(XElement? element, string attribute) =>
        int.Parse(element?.Attribute(attribute)?.Value ?? "0", CultureInfo.InvariantCulture);

    private static string Seconds(long start) =>
        FormattableString.Invariant($"{Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s");
}

/// <summary>Leaves skipped tests out of a runner's output; their reasons are summed up at the end.</summary>
internal sealed class SkipFilter
{
    private bool _inSkipped;

    public void Print(string? line)
    {
        if (line is null)
        {
            return;
        }

        // A test's name is indented by four spaces, what belongs to it by more.
        bool belongsToTest = line.StartsWith("     ", StringComparison.Ordinal);
        _inSkipped = belongsToTest ? _inSkipped : line.EndsWith("[SKIP]", StringComparison.Ordinal);
        if (!_inSkipped)
        {
            Console.WriteLine(line);
        }
    }
}
