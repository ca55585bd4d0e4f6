using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Model.Tests.Files;

/// <summary>What a broken file is to meet.</summary>
internal static class GgufRefusal
{
    public static void Of(byte[] bytes, string said)
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("hostile.gguf", bytes);
        long allocated = GC.GetAllocatedBytesForCurrentThread();

        ModelFormatException exception =
            Assert.Throws<ModelFormatException>(() => GgufFile.Open(path).Dispose());

        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Assert.Equal(path, exception.File);
        Assert.Contains(said, exception.Message, StringComparison.Ordinal);
        Assert.StartsWith(
            $"hostile.gguf, byte {exception.Offset}: expected", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(exception.Message, char.IsControl);
        Assert.InRange(exception.Offset, 0, bytes.Length);
        Assert.True(allocated < 1_000_000 + (20 * bytes.Length), $"{allocated} bytes allocated");
    }
}
