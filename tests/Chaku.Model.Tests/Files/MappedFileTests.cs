using Chaku.Kernels.Formats;
using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Model.Tests.Files;

/// <summary>The map, and its edges.</summary>
public sealed class MappedFileTests
{
    [Fact]
    public void Views_are_within_the_file()
    {
        using TemporaryFolder folder = new();
        using MappedFile file = MappedFile.Open(folder.Write("a", [1, 2, 3]));

        Assert.Equal(3, file.Length);
        Assert.Equal([2, 3], file.Span(1, 2).ToArray());
        Assert.Equal([], file.Span(3, 0).ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Span(2, 2).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Span(-1, 1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Span(long.MaxValue, 1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Span(0, -1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Matrix(TensorFormats.F32, 1, 1, 0));
    }

    [Fact]
    public void An_empty_file_has_an_empty_view()
    {
        using TemporaryFolder folder = new();
        using MappedFile file = MappedFile.Open(folder.Write("a", []));

        Assert.Equal(0, file.Length);
        Assert.True(file.Span(0, 0).IsEmpty);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Span(0, 1).Length);
    }

    [Fact]
    public void Places_beyond_2_and_4_gibibytes_are_read()
    {
        using TemporaryFolder folder = new();
        const long far = 5L << 30;
        using (FileStream stream = File.Create(folder["sparse"]))
        {
            stream.SetLength(far);
            stream.Position = far - 1;
            stream.WriteByte(42);
            stream.Position = 3L << 30;
            stream.WriteByte(7);
        }

        using MappedFile file = MappedFile.Open(folder["sparse"]);
        Assert.Equal([0, 42], file.Span(far - 2, 2).ToArray());
        Assert.Equal([7, 0], file.Span(3L << 30, 2).ToArray());
    }

    [Fact]
    public void A_missing_file_and_a_folder_are_refused_by_name()
    {
        using TemporaryFolder folder = new();

        Assert.Contains(
            "there is no such file",
            Assert.Throws<FileNotFoundException>(() => MappedFile.Open(folder["none"])).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "is a folder",
            Assert.Throws<IOException>(() => MappedFile.Open(folder.Path)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_view_after_disposal_is_refused()
    {
        using TemporaryFolder folder = new();
        MappedFile file = MappedFile.Open(folder.Write("a", [1]));

        file.Dispose();

        Assert.Throws<ObjectDisposedException>(() => file.Span(0, 1).Length);
    }

    [Fact]
    public void Bytes_are_copied_from_the_file()
    {
        using TemporaryFolder folder = new();
        using MappedFile file = MappedFile.Open(folder.Write("a", [1, 2, 3]));
        byte[] bytes = new byte[2];

        file.Read(1, bytes);

        Assert.Equal([2, 3], bytes);
        file.Read(3, []);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Read(2, bytes));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Read(-1, bytes));
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.Read(0, bytes));
    }

    [Fact]
    public void A_file_that_was_cut_since_is_refused_at_the_place()
    {
        using TemporaryFolder folder = new();
        using MappedFile file = MappedFile.Open(folder.Write("a", new byte[100]));
        using (FileStream stream = new(folder["a"], FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            stream.SetLength(70);
        }

        ModelFormatException exception =
            Assert.Throws<ModelFormatException>(() => file.Read(60, new byte[40]));

        Assert.Equal(70, exception.Offset);
        Assert.Equal("30 more bytes", exception.Expected);
    }

    [Fact]
    public void A_file_that_was_written_to_since_is_refused()
    {
        using TemporaryFolder folder = new();
        using MappedFile file = MappedFile.Open(folder.Write("a", new byte[100]));
        File.SetLastWriteTimeUtc(folder["a"], file.LastWriteUtc.AddSeconds(1));

        Assert.Contains(
            "found one written to at",
            Assert.Throws<ModelFormatException>(() => file.Read(0, new byte[1])).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_can_be_replaced_while_it_is_mapped()
    {
        using TemporaryFolder folder = new();
        using MappedFile file = MappedFile.Open(folder.Write("a", [1]));
        File.Move(folder.Write("b", [2]), folder["a"], overwrite: true);
        byte[] bytes = new byte[1];

        file.Read(0, bytes);

        Assert.Equal([1], bytes);
    }
}
