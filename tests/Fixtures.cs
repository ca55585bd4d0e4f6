namespace Chaku.Tests;

/// <summary>Finds test data: <c>tests/testdata</c>, and the shared fixtures beside the checkout.</summary>
internal static class Fixtures
{
    private static readonly string CheckoutPath = FindCheckout(AppContext.BaseDirectory);

    /// <summary>The checkout's root folder.</summary>
    public static string Checkout => CheckoutPath;

    /// <summary>A file or folder of <c>tests/testdata</c>; it is part of every clone.</summary>
    public static string TestData(params string[] parts) =>
        Path.Combine([CheckoutPath, "tests", "testdata", .. parts]);

    /// <summary>A file or folder of the shared fixtures; skips the calling test where a clone has none.</summary>
    public static string Shared(params string[] parts)
    {
        string folder = Path.Combine(CheckoutPath, "..", "shared", "fixtures");
        Assert.SkipUnless(Directory.Exists(folder), "the shared fixtures are not beside this checkout");
        return Path.GetFullPath(Path.Combine([folder, .. parts]));
    }

    private static string FindCheckout(string start)
    {
        for (DirectoryInfo? folder = new(start); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Chaku.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"no Chaku.slnx above {start}");
    }
}
