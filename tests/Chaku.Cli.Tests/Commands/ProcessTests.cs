using System.Diagnostics;

namespace Chaku.Cli.Tests.Commands;

/// <summary>The program as a process of its own: bytes, exit codes, signals, limits.</summary>
public sealed class ProcessTests : CommandSuite
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "chaku.dll");

    [Fact]
    public void Raw_output_is_UTF_8_without_a_mark_and_the_exit_code_is_0()
    {
        (int exitCode, byte[] output, string error) = Shell(
            $"dotnet '{Program}' run '{TinyModel}' 'abc' --raw --temperature 0 --max-tokens 12");
        Assert.Equal((0, ""), (exitCode, error));
        string expected = Result("run", TinyModel, "abc", "--raw", "--temperature", "0", "--max-tokens", "12");
        Assert.Equal(System.Text.Encoding.UTF8.GetBytes(expected), output);
    }

    [Fact]
    public void An_error_is_one_line_on_standard_error_and_a_code()
    {
        (int exitCode, byte[] output, string error) = Shell($"dotnet '{Program}' run nowhere.gguf abc");
        Assert.Equal((1, 0, "chaku: nowhere.gguf: there is no such file\n"), (exitCode, output.Length, error));
        Assert.Equal(2, Shell($"dotnet '{Program}' run").ExitCode);
        Assert.Equal(0, Shell($"dotnet '{Program}' --help").ExitCode);
    }

    // Nearly a hundred thousand tokens: it ends in time only because it stops when nobody reads on.
    [Fact]
    public void A_reader_that_goes_ends_the_program_quietly()
    {
        (int exitCode, byte[] output, string error) = Shell(
            $"dotnet '{Program}' run '{TinyModel}' abc --raw --max-tokens 90000 --context 99999 --logit-bias 2=-inf " +
            "| head -c 5; exit ${PIPESTATUS[0]}");
        Assert.Equal((0, 5), (exitCode, output.Length));
        Assert.All(
            error.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => Assert.StartsWith("chaku: warning: ", line, StringComparison.Ordinal));
    }

    [Fact]
    public void Help_that_nobody_reads_to_its_end_is_no_error()
    {
        (int exitCode, byte[] _, string error) = Shell(
            $"dotnet '{Program}' run --help | head -c 1 > /dev/null; exit ${{PIPESTATUS[0]}}");
        Assert.Equal((0, ""), (exitCode, error));
    }

    [Fact]
    public void Two_commands_can_write_to_one_file_in_turn()
    {
        string command = $"dotnet '{Program}' tokenize '{TinyModel}' a --ids";
        Assert.Equal(0, Shell($"({command}; {command}) > '{InFolder("both.txt")}'").ExitCode);
        string once = Result("tokenize", TinyModel, "a", "--ids");
        Assert.Equal(once + once, File.ReadAllText(InFolder("both.txt")));
    }

    [Fact]
    public void A_full_standard_output_is_an_error()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "this system has no /dev/full");
        (int exitCode, byte[] _, string error) = Shell($"dotnet '{Program}' run '{TinyModel}' abc > /dev/full");
        Assert.Equal(1, exitCode);
        Assert.Equal("chaku: No space left on device\n", error);
    }

    [Theory]
    [InlineData("2> /dev/full")]
    [InlineData("2>&-")]
    public void Standard_error_that_takes_nothing_ends_no_work(string redirection)
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "this system has no /dev/full");
        string data = Write("data.txt", string.Concat(Enumerable.Repeat("the dog ", 40)));
        string tune = $"dotnet '{Program}' tune '{TinyModel}' '{data}' -o mine --steps 1 --context 16 --batch 1";
        Assert.Equal(0, Shell($"{tune} {redirection}").ExitCode);
        Assert.True(File.Exists(InFolder("mine/adapter_config.json")));
        Assert.Equal(1, Shell($"dotnet '{Program}' run nowhere.gguf abc {redirection}").ExitCode);
    }

    // The runtime itself maps its code through a file, larger than any limit, unless it is told not to.
    [Theory]
    [InlineData("logits '{0}' --tokens '1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20' --out '{1}'")]
    [InlineData("tune '{0}' '{2}' -o '{1}' --steps 1 --context 16 --batch 1", "out/log.jsonl")]
    public void A_full_disk_is_one_line_and_leaves_no_result(string arguments, params string[] left)
    {
        string data = Write("data.txt", string.Concat(Enumerable.Repeat("the dog ", 40)));
        string command = string.Format(
            System.Globalization.CultureInfo.InvariantCulture, arguments, TinyModel, InFolder("out"), data);
        (int exitCode, byte[] _, string error) = Shell(
            $"export DOTNET_EnableWriteXorExecute=0; ulimit -f 20; dotnet '{Program}' {command}");
        string line = error.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1];
        Assert.True(exitCode == 1, error);
        Assert.StartsWith("chaku: ", line, StringComparison.Ordinal);
        Assert.Contains("cannot be written", line, StringComparison.Ordinal);
        Assert.Equal(
            left.Select(InFolder).Append(data).Order(StringComparer.Ordinal),
            Directory.GetFiles(Folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
    }

    // A shell's background jobs do not hear SIGINT; SIGTERM goes the same way.
    [Fact]
    public void A_signal_stops_a_run_with_code_130()
    {
        (int exitCode, byte[] output, string error) = Shell(
            $"dotnet '{Program}' run '{TinyModel}' abc --raw --max-tokens 90000 --context 99999 --logit-bias 2=-inf " +
            $"> '{InFolder("text")}' & child=$!; " +
            $"for i in $(seq 300); do [ -s '{InFolder("text")}' ] && break; sleep 0.1; done; " +
            "kill -TERM $child; wait $child");
        Assert.Equal((130, 0), (exitCode, output.Length));
        Assert.EndsWith("chaku: stopped\n", error, StringComparison.Ordinal);
    }

    private (int ExitCode, byte[] Output, string Error) Shell(string script)
    {
        Assert.SkipUnless(File.Exists("/bin/bash"), "this system has no bash");
        ProcessStartInfo start = new("/bin/bash", ["-c", script])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = Folder,
        };
        using Process process = Process.Start(start)!;
        using MemoryStream output = new();
        Task<string> error = process.StandardError.ReadToEndAsync();
        process.StandardOutput.BaseStream.CopyTo(output);
        process.WaitForExit();
        return (process.ExitCode, output.ToArray(), error.Result);
    }
}
