namespace Chaku.Cli.Tests.House;

/// <summary>A clone works anywhere: nothing in it points at the machine where it was written.</summary>
public sealed class CloneTests
{
    // In two parts, so that this file holds none of them.
    private static readonly string[] MachinePaths = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/", @"C:\Us" + "ers"];

    [Fact]
    public void No_file_names_a_path_of_the_machine_it_was_written_on()
    {
        IEnumerable<string> findings =
            from file in CheckoutFile.All
            from path in MachinePaths
            where file.Text.Contains(path, StringComparison.OrdinalIgnoreCase)
            select $"{file.Path} names {path}";
        Findings.None(findings);
    }

    [Fact]
    public void The_checkout_has_files_to_look_at() =>
        Assert.Contains(CheckoutFile.All, file => file.Path == "LICENSE");
}
