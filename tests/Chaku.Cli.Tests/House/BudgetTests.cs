namespace Chaku.Cli.Tests.House;

public sealed class BudgetTests
{
    [Fact]
    public void No_file_is_longer_than_the_budget() =>
        Findings.None(Budgets.LongFiles(SourceFile.All, Budgets.FileLines));

    [Fact]
    public void Nineteen_files_of_twenty_are_short()
    {
        int lines = Budgets.LinesAt95Percent(SourceFile.All);
        Assert.True(
            lines <= Budgets.FileLinesAt95Percent,
            $"95 % of the files have up to {lines} lines, over {Budgets.FileLinesAt95Percent}");
    }

    [Fact]
    public void No_line_is_wider_than_the_budget() => Findings.None(SourceFile.All.SelectMany(Budgets.LongLines));

    [Fact]
    public void No_method_is_longer_than_the_budget() =>
        Findings.None(SourceFile.All.SelectMany(file => Budgets.LongMethods(file, MethodLimit(file))));

    [Fact]
    public void What_is_over_its_aim_but_within_its_budget_is_reported()
    {
        IEnumerable<string> findings = Budgets.LongFiles(SourceFile.All, Budgets.FileLinesAim)
            .Concat(SourceFile.All.SelectMany(file => Budgets.LongMethods(file, Budgets.MethodLinesAim)));
        foreach (string finding in findings)
        {
            TestContext.Current.AddWarning(finding);
        }

        int source = SourceFile.All.Where(file => file.IsShipped).Sum(file => file.Lines.Count);
        int tests = SourceFile.All.Where(file => file.IsTest).Sum(file => file.Lines.Count);
        if (tests < source)
        {
            TestContext.Current.AddWarning($"{tests} lines of tests are fewer than {source} lines of source");
        }
    }

    [Fact]
    public void A_method_is_counted_from_its_signature_to_its_last_line()
    {
        SourceFile file = SourceFile.Parse(
            "sample.cs",
            """
            class Sample
            {
                /// <summary>Not counted.</summary>
                [Obsolete]
                void Long(
                    int x)
                {
                    void Local()
                    {
                    }
                }

                int Short => 1;
            }
            """);
        Assert.Equal(
            ["sample.cs:5 is a method of 7 lines, over 2", "sample.cs:8 is a method of 3 lines, over 2"],
            Budgets.LongMethods(file, limit: 2));
    }

    [Fact]
    public void A_line_of_121_columns_is_found()
    {
        SourceFile file = SourceFile.Parse("sample.cs", new string(' ', 120) + "\n" + new string(' ', 121) + "\n");
        Assert.Equal(["sample.cs:2 has 121 columns, over 120"], Budgets.LongLines(file));
    }

    private static int MethodLimit(SourceFile file) =>
        file.Path.StartsWith("src/Chaku.Kernels/", StringComparison.Ordinal)
            ? Budgets.KernelMethodLines
            : Budgets.MethodLines;
}
