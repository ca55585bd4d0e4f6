namespace Chaku.Kernels.Tests.Formats;

/// <summary>Formats with no file from an independent program: hand-worked blocks are all that they have.</summary>
internal static class UnprovenFormats
{
    public static readonly IReadOnlyList<string> Names = ["Q5_1", "Q3_K", "BF16"];
}
