using Chaku.Tests;

namespace Chaku.Cli.Tests.House;

/// <summary>A file of the checkout: its path from the root with forward slashes, and its text.</summary>
internal sealed record CheckoutFile(string Path, string Text)
{
    private static readonly string[] LeftOut = [".git", ".idea", ".vs", "TestResults", "bin", "node_modules", "obj"];

    private static readonly Lazy<CheckoutFile[]> Files = new(() => [.. Walk(new DirectoryInfo(Fixtures.Checkout))]);

    /// <summary>Every file but the build's output and the tools' own; binary ones too, read as UTF-8.</summary>
    public static IReadOnlyList<CheckoutFile> All => Files.Value;

    private static IEnumerable<CheckoutFile> Walk(DirectoryInfo folder)
    {
        foreach (FileInfo file in folder.EnumerateFiles().Where(file => file.Name != ".git"))
        {
            string path = System.IO.Path.GetRelativePath(Fixtures.Checkout, file.FullName).Replace('\\', '/');
            yield return new CheckoutFile(path, File.ReadAllText(file.FullName));
        }

        IEnumerable<DirectoryInfo> folders = folder.EnumerateDirectories().Where(inner => inner.LinkTarget is null);
        foreach (DirectoryInfo inner in folders.Where(inner => !LeftOut.Contains(inner.Name)))
        {
            foreach (CheckoutFile file in Walk(inner))
            {
                yield return file;
            }
        }
    }
}
