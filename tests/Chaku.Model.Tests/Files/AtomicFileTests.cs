using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Model.Tests.Files;

/// <summary>A file is written whole or not at all.</summary>
public sealed class AtomicFileTests
{
    [Fact]
    public void A_new_file_and_a_replaced_one_have_what_was_written()
    {
        using TemporaryFolder folder = new();

        AtomicFile.WriteText(folder["a.txt"], "first, and longer");
        AtomicFile.WriteBytes(folder["a.txt"], "wäre"u8.ToArray());

        Assert.Equal("wäre", File.ReadAllText(folder["a.txt"]));
        Assert.Single(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void A_file_that_is_looked_at_first_is_kept_or_gone()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("a.txt", "old");

        Assert.False(AtomicFile.WriteIf(path, Write, temporary => File.ReadAllText(temporary) != "new"));
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Throws<OperationCanceledException>(
            () => AtomicFile.WriteIf(path, Write, _ => throw new OperationCanceledException()));
        Assert.Throws<FormatException>(
            () => AtomicFile.WriteIf(path, _ => throw new FormatException(), _ => true));
        Assert.Equal([path], Directory.GetFileSystemEntries(folder.Path));
        Assert.True(AtomicFile.WriteIf(path, Write, temporary => File.ReadAllText(temporary) == "new"));
        Assert.Equal("new", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFileSystemEntries(folder.Path));

        static void Write(Stream stream) => stream.Write("new"u8);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(300_000)]
    public void A_full_disk_leaves_the_old_file_and_nothing_else(int capacity)
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("a.bin", [1, 2, 3]);

        IOException exception = Assert.Throws<IOException>(() => AtomicFile.Write(
            path, stream => stream.Write(new byte[1_000_000]), temporary => new FullDiskStream(temporary, capacity)));

        Assert.StartsWith($"{path} cannot be written: no space", exception.Message, StringComparison.Ordinal);
        Assert.Equal([1, 2, 3], File.ReadAllBytes(path));
        Assert.Single(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void A_full_disk_that_shows_only_when_flushed_leaves_nothing()
    {
        using TemporaryFolder folder = new();

        Assert.Throws<IOException>(() => AtomicFile.Write(
            folder["a"],
            stream => stream.WriteByte(1),
            temporary => new BufferedStream(new FullDiskStream(temporary, 0))));

        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void What_a_killed_writer_left_is_taken_away_and_nothing_else()
    {
        using TemporaryFolder folder = new();
        string[] others = ["a*", "b", ".b.notes", ".bb.abcdefgh.ijk", ".b.abcdefgh.ijkl", "b.abcdefgh.ijk"];
        foreach (string name in (string[])[.. others, ".b.abcdefgh.ijk", ".b.12345678.9ab"])
        {
            folder.Write(name, [1]);
        }

        AtomicFile.RemoveLeftovers(folder["b"]);
        AtomicFile.RemoveLeftovers(folder["*"]);
        AtomicFile.RemoveLeftovers(Path.Combine(folder["nowhere"], "b"));

        Assert.Equal(
            others.Order(StringComparer.Ordinal),
            Directory.GetFiles(folder.Path).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_writer_that_gives_up_leaves_nothing_and_its_own_exception()
    {
        using TemporaryFolder folder = new();

        Assert.Throws<OperationCanceledException>(() => AtomicFile.Write(folder["a"], stream =>
        {
            stream.Write(new byte[1_000_000]);
            throw new OperationCanceledException();
        }));

        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void A_read_only_file_is_not_replaced()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("a", [1]);
        File.SetAttributes(path, FileAttributes.ReadOnly);

        IOException exception = Assert.Throws<IOException>(() => AtomicFile.WriteText(path, "new"));

        Assert.Equal($"{path} cannot be written: it is read-only", exception.Message);
        Assert.Equal([1], File.ReadAllBytes(path));
        File.SetAttributes(path, FileAttributes.Normal);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void A_read_only_folder_is_refused()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "folders have no mode here");
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "a privileged user may write into a read-only folder");
        using TemporaryFolder folder = new();
        string locked = Directory.CreateDirectory(folder["locked"]).FullName;
        File.SetUnixFileMode(locked, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        IOException exception =
            Assert.Throws<IOException>(() => AtomicFile.WriteText(Path.Combine(locked, "a"), "new"));

        Assert.Contains("cannot be written", exception.Message, StringComparison.Ordinal);
        File.SetUnixFileMode(locked, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Fact]
    public void A_missing_folder_and_a_folder_in_the_place_are_refused()
    {
        using TemporaryFolder folder = new();

        Assert.Throws<DirectoryNotFoundException>(
            () => AtomicFile.WriteText(Path.Combine(folder.Path, "none", "a"), "new"));
        Assert.Throws<IOException>(() => AtomicFile.WriteText(folder.Path, "new"));
    }

    [Fact]
    public void A_link_stays_and_what_it_leads_to_is_replaced()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege here");
        using TemporaryFolder folder = new();
        folder.Write("real", [1]);
        File.CreateSymbolicLink(folder["link"], folder["real"]);

        AtomicFile.WriteText(folder["link"], "new");

        Assert.Equal("new", File.ReadAllText(folder["real"]));
        Assert.NotNull(new FileInfo(folder["link"]).LinkTarget);
    }

    [Fact]
    public void A_device_is_not_replaced()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "devices have no folder here");
        using TemporaryFolder folder = new();
        File.CreateSymbolicLink(folder["link"], "/dev/chaku-test");

        Assert.Throws<IOException>(() => AtomicFile.WriteText("/dev/chaku-test", "new"));
        Assert.Throws<IOException>(() => AtomicFile.WriteText(folder["link"], "new"));
        Assert.False(File.Exists("/dev/chaku-test"));
    }

    [Fact]
    public void A_pipe_and_a_socket_are_not_replaced()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "neither is in a folder here");
        using TemporaryFolder folder = new();
        Process.Start("mkfifo", [folder["pipe"]]).WaitForExit();
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(folder["socket"]));
        string[] before = Directory.GetFileSystemEntries(folder.Path);

        IOException exception = Assert.Throws<IOException>(() => AtomicFile.WriteText(folder["pipe"], "new"));
        Assert.Equal(
            $"{folder["pipe"]} cannot be written: it is a pipe, which a file must not replace", exception.Message);
        Assert.Throws<IOException>(() => AtomicFile.WriteText(folder["socket"], "new"));
        Assert.Equal(before, Directory.GetFileSystemEntries(folder.Path));
        Assert.Equal(0, new FileInfo(folder["pipe"]).Length);

        AtomicFile.WriteText(folder.Write("empty", ""), "new");
        Assert.Equal("new", File.ReadAllText(folder["empty"]));
    }
}
