using System.Text.RegularExpressions;
using Chaku.Cli.Reports;
using Chaku.Model;
using Chaku.Training;
using Chaku.Training.Datasets;
using Chaku.Training.Estimation;
using Chaku.Training.Runs;
using Spectre.Console;

namespace Chaku.Cli.Tests.Commands;

/// <summary>The live view of a tuning run, on terminals of many sizes.</summary>
public sealed partial class TuneScreenTests : CommandSuite
{
    public static TheoryData<int, int> Sizes
    {
        get
        {
            TheoryData<int, int> sizes = [];
            foreach (int width in new[] { 1, 5, 20, 40, 80, 120, 300 })
            {
                foreach (int height in new[] { 1, 5, 10, 24, 60 })
                {
                    sizes.Add(width, height);
                }
            }

            return sizes;
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void The_view_fits_the_terminal(int width, int height)
    {
        foreach (int done in new[] { 0, 1, 2, 100 })
        {
            foreach (bool isUnicode in new[] { true, false })
            {
                string[] lines = Draw(width, height, done, isUnicode);

                Assert.All(lines, line => Assert.InRange(line.Length, 0, Math.Max(1, width - 1)));
                if (width >= 40 && height >= 10)
                {
                    Assert.InRange(lines.Length, 2, height - 1);
                }
            }
        }
    }

    [Theory]
    [InlineData(40, 24)]
    [InlineData(80, 24)]
    [InlineData(120, 40)]
    public void Everything_that_matters_is_seen(int width, int height)
    {
        string all = string.Join('\n', Draw(width, height, 100, isUnicode: true));

        Assert.Contains("step 100 of 200", all, StringComparison.Ordinal);
        Assert.Contains("50 %  0:50 left", all, StringComparison.Ordinal);
        Assert.Matches(@"loss +2\.\d{4}", all);
        Assert.Matches(@"held out +2\.5000", all);
        Assert.Matches(@"gradient +0\.25", all);
        Assert.Matches(@"rate +2e-4", all);
        Assert.Matches(@"tokens/s +64", all);
        Assert.Matches(@"time +0:50", all);
        Assert.Contains(TerminalCurve.Mark, all);
        Assert.Contains(all, letter => letter is > '\u2800' and <= '\u28FF');
    }

    [Fact]
    public void Without_unicode_there_is_none() => Assert.All(
        string.Concat(Draw(80, 24, 100, isUnicode: false)), letter => Assert.InRange(letter, ' ', '~'));

    [Fact]
    public void A_line_from_corner_to_corner_has_no_gap()
    {
        TerminalCurve curve = new(10, 5, isUnicode: true);
        CurveFrame frame = new(0, 10, 0, 1);

        curve.AddLine(frame, [new LossPoint(0, 1), new LossPoint(10, 0)]);

        Assert.Equal('⠑', curve.Row(0)[0]);
        Assert.All(Enumerable.Range(0, 5), row => Assert.Equal(2, curve.Row(row).Count(letter => letter != ' ')));
    }

    [Theory]
    [InlineData(0, "0:00")]
    [InlineData(61.6, "1:02")]
    [InlineData(3600, "1:00:00")]
    [InlineData(1e12, "277777:46:40")]
    public void A_time_is_written_as_clocks_show_it(double seconds, string expected) =>
        Assert.Equal(expected, TuneScreen.Spell(seconds));

    [Theory]
    [InlineData(40)]
    [InlineData(80)]
    [InlineData(120)]
    public void A_run_is_shown_live_and_the_cursor_is_back_at_the_end(int width)
    {
        using LiveTerminal terminal = new(width, 24);

        int exitCode = Tune(terminal);

        string written = terminal.Written;
        Assert.Equal(ExitCodes.Success, exitCode);
        Assert.Equal(Count(written, "\u001b[?25l"), Count(written, "\u001b[?25h"));
        Assert.InRange(Count(written, "\u001b[?25l"), 1, 9);
        Assert.DoesNotContain("\u001b[2J", written, StringComparison.Ordinal);
        Assert.Contains("step 8 of 8", Escapes().Replace(written, ""), StringComparison.Ordinal);
        Assert.DoesNotContain("step 1 of 8: loss", written, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', terminal.Output.ToString()!);
    }

    [Fact]
    public void Ctrl_C_ends_the_view_cleanly()
    {
        using LiveTerminal terminal = new(80, 24);
        terminal.StopOnceShown();

        int exitCode = Tune(terminal, steps: 100_000);

        string written = terminal.Written;
        Assert.Equal(ExitCodes.Cancelled, exitCode);
        Assert.Equal(Count(written, "\u001b[?25l"), Count(written, "\u001b[?25h"));
        string behind = written[written.LastIndexOf("\u001b[?25h", StringComparison.Ordinal)..];
        Assert.Contains("--resume goes on", behind, StringComparison.Ordinal);
    }

    [Fact]
    public void A_terminal_without_commands_gets_plain_lines()
    {
        using LiveTerminal terminal = new(80, 24) { HasCommands = false };

        Assert.Equal(ExitCodes.Success, Tune(terminal));

        Assert.Contains("step 8 of 8: loss", terminal.Written, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', terminal.Written);
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    private static string[] Draw(int width, int height, int done, bool isUnicode)
    {
        double seconds = 0;
        using LanguageModel model = LanguageModel.Load(TinyModel, new ModelOptions { Repack = false });
        TrainingSet held = new([new TrainingSequence([1, 2], [false, true])]);
        TunePlan plan = new(new TrainingData(2, held, held, []), 200, 3, 7, 1000, null)
        {
            Model = model,
            Files = RunFiles.Of("x", isFull: false),
            Estimate = new TuningEstimate(
                new MemoryEstimate(),
                AvailableBytes: 1,
                UsesGradientCheckpointing: false,
                new RunCost(0, 0, EnergySource.UpperBound, new Tariff())),
        };
        TuneState state = new(plan, () => seconds);
        for (int step = 1; step <= done; step++)
        {
            seconds += 0.5;
            state.Add(new TrainingStep(step, 2 + (3.0 / step), 0.25, 2e-4, 32, 30));
            if (step % 50 == 0)
            {
                state.Add(new HeldOutLoss(step, 2.5));
            }
        }

        StringWriter writer = new();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(writer),
        });
        console.Profile.Width = Math.Max(width, 1);
        console.Profile.Height = height;
        console.Write(new TuneScreen(width, height, isUnicode).Draw(state.Now(), isStopping: false));
        return writer.ToString().TrimEnd('\n').Split('\n');
    }

    private int Tune(LiveTerminal terminal, int steps = 8)
    {
        string data = Write("data.txt", string.Concat(Enumerable.Repeat("the dog sat on the mat. ", 30)));
        return CommandLine.Run(
            ["tune", TinyModel, data, "-o", InFolder("mine"), "--steps", $"{steps}", "--context", "32", "--batch", "1",
            "--validation", "0.2", "--threads", "2"],
            terminal);
    }

    [GeneratedRegex(@"\u001b\[[0-9;?]*[A-Za-z]")]
    private static partial Regex Escapes();

    // Knows when a view begins: that is when the cursor is hidden.
    private sealed class Screen : StringWriter
    {
        public Action? WhenShown { get; set; }

        public override void Write(string? value)
        {
            base.Write(value);
            if (value?.Contains("\u001b[?25l", StringComparison.Ordinal) == true)
            {
                WhenShown?.Invoke();
            }
        }
    }

    private sealed class LiveTerminal(int width, int height) : Terminal, IDisposable
    {
        private readonly CancellationTokenSource _cancellation = new();
        private readonly Screen _error = new();

        public bool HasCommands { get; init; } = true;

        public override TextReader Input { get; } = new StringReader("");

        public override TextWriter Output { get; } = new StringWriter();

        public override TextWriter Error => TextWriter.Synchronized(_error);

        public string Written => _error.ToString();

        public override bool IsInputTerminal => true;

        public override bool IsOutputTerminal => false;

        public override bool IsErrorTerminal => true;

        public override CancellationToken Cancellation => _cancellation.Token;

        public void StopOnceShown() => _error.WhenShown = () => _cancellation.CancelAfter(TimeSpan.FromSeconds(0.5));

        public override IAnsiConsole ErrorConsole()
        {
            IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
            {
                Ansi = HasCommands ? AnsiSupport.Yes : AnsiSupport.No,
                ColorSystem = ColorSystemSupport.NoColors,
                Interactive = InteractionSupport.Yes,
                Out = new AnsiConsoleOutput(Error),
            });
            console.Profile.Width = width;
            console.Profile.Height = height;
            return console;
        }

        public void Dispose() => _cancellation.Dispose();
    }
}
