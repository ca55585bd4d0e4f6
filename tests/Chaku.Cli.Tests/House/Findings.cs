namespace Chaku.Cli.Tests.House;

/// <summary>What a test of the house found; all of it is shown, a line each.</summary>
internal static class Findings
{
    public static void None(IEnumerable<string> findings)
    {
        string[] all = [.. findings];
        if (all.Length > 0)
        {
            Assert.Fail(string.Join('\n', all));
        }
    }
}
