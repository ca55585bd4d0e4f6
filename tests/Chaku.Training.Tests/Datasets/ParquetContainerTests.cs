using System.Diagnostics;
using Chaku.Model.Templates;
using Chaku.Tests;
using Chaku.Training.Datasets;
using CsCheck;

namespace Chaku.Training.Tests.Datasets;

/// <summary>The files are Apache Arrow's: testdata/PROVENANCE.md.</summary>
public sealed class ParquetContainerTests
{
    [Theory]
    [InlineData("none")]
    [InlineData("snappy")]
    [InlineData("gzip")]
    [InlineData("zstd")]
    [InlineData("lz4")]
    [InlineData("brotli")]
    public void Every_compression_and_encoding_gives_the_records_that_were_written(string kind)
    {
        Dataset dataset = Dataset.Read(Fixtures.TestData("datasets", $"alpaca.{kind}.parquet"));

        Assert.Equal("alpaca", dataset.Format.Name);
        Assert.Equal("cc-by-4.0", dataset.License);
        Assert.Equal(["row 1", "row 2", "row 3", "row 4", "row 5"], dataset.Records.Select(record => record.Place));
        Assert.Equal(
            Enumerable.Range(0, 5).SelectMany(number => (Message[])
            [
                new(Role.User, $"Say {number} – ünï", number % 2 == 0 ? "" : $"given {number}"),
                new(Role.Assistant, string.Concat(Enumerable.Repeat($"answer {number}. ", 5))),
            ]),
            SampleData.Messages(dataset.Records));
    }

    [Fact]
    public void Lists_of_messages_are_read_whatever_the_files_name()
    {
        byte[] file = File.ReadAllBytes(Fixtures.TestData("datasets", "messages.parquet"));

        IReadOnlyList<DatasetRecord> records = SampleData.Read("shard.data", file);

        Assert.Equal(
            [
                new(Role.System, "system 0.0"), new(Role.User, "user 0.1"), new(Role.Assistant, "assistant 0.2"),
                new(Role.User, "user 1.0"), new(Role.Assistant, "assistant 1.1"),
                new(Role.User, "user 1.2"), new(Role.Assistant, "assistant 1.3"),
                new(Role.User, "user 2.0"), new(Role.Assistant, "assistant 2.1"),
            ],
            SampleData.Messages(records));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(11)]
    [InlineData(500)]
    [InlineData(-1)]
    public void A_file_that_is_cut_off_is_refused(int length)
    {
        byte[] file = File.ReadAllBytes(Fixtures.TestData("datasets", "alpaca.snappy.parquet"));
        byte[] start = file[..(length < 0 ? ^1 : length)];
        Assert.Contains(
            "is it cut off?",
            Assert.Throws<DatasetException>(() => SampleData.Read("a.parquet", start)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void An_encoding_or_compression_that_nobody_knows_is_refused()
    {
        // Footers with a byte changed: the compression of the first column, in Thrift's compact form 'i32 field'.
        byte[] file = File.ReadAllBytes(Fixtures.TestData("datasets", "alpaca.snappy.parquet"));
        int refused = 0;
        for (int place = file.Length - 900; place < file.Length - 8; place += 5)
        {
            byte[] damaged = [.. file];
            damaged[place] = 0x7E;
            refused += IsRefused(damaged) ? 1 : 0;
        }

        Assert.InRange(refused, 50, 178);
    }

    // Columns in each other, one more in each: the reader's stack would not hold them.
    [Theory]
    [InlineData(40, "at most 4096 columns, 32 deep")]
    [InlineData(100_000, "at most 4096 columns, 32 deep")]
    public void Columns_that_lie_too_deep_are_refused(int depth, string reason)
    {
        byte[] group = [0x35, 0x02, 0x18, 0x01, (byte)'a', 0x15, 0x02, 0x00];
        List<byte> footer = [0x15, 0x02, 0x19, 0xFC, .. Varint(depth + 1)];
        for (int level = 0; level < depth; level++)
        {
            footer.AddRange(group);
        }

        footer.AddRange([0x15, 0x0C, 0x25, 0x02, 0x18, 0x01, (byte)'b', 0x00, 0x16, 0x00, 0x19, 0x0C, 0x00]);
        Assert.Contains(reason, Refusal(footer), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(33)]
    public void Values_that_lie_too_deep_are_refused(int depth) => Assert.Contains(
        "at most 32 values in each other",
        Refusal([0x7C, .. Enumerable.Repeat((byte)0x1C, depth), .. Enumerable.Repeat((byte)0, depth + 2)]),
        StringComparison.Ordinal);

    [Theory]
    [InlineData(new byte[] { 0x19, 0xFC, 0xFF, 0xFF, 0x7F }, "at most 0 bytes or items, found 2097151")]
    [InlineData(new byte[] { 0x18, 0x05, 0x61 }, "at most 1 bytes or items, found 5")]
    [InlineData(new byte[] { 0x1D, 0x00 }, "a type of Thrift, found 13")]
    [InlineData(new byte[] { 0x15 }, "more bytes, found the footer's end")]
    [InlineData(new byte[0], "more bytes, found the footer's end")]
    public void A_footer_whose_counts_are_not_within_it_is_refused(byte[] footer, string reason) =>
        Assert.Contains(reason, Refusal(footer), StringComparison.Ordinal);

    [Fact]
    public void A_damaged_file_is_read_or_refused_at_once()
    {
        byte[][] files =
        [
            .. Directory.EnumerateFiles(Fixtures.TestData("datasets"), "*.parquet").Order().Select(File.ReadAllBytes),
        ];
        Gen.Select(Gen.Int[0, files.Length - 1], Gen.Int[0, int.MaxValue], Gen.Byte).Sample((file, place, value) =>
        {
            byte[] damaged = [.. files[file]];
            damaged[place % damaged.Length] = value;
            _ = IsRefused(damaged);
        }, iter: 300);
    }

    private static string Refusal(IReadOnlyCollection<byte> footer)
    {
        byte[] file = [.. "PAR1"u8, .. footer, .. BitConverter.GetBytes(footer.Count), .. "PAR1"u8];
        return Assert.Throws<DatasetException>(() => SampleData.Read("a.parquet", file)).Message;
    }

    private static IEnumerable<byte> Varint(int number)
    {
        for (; number >= 0x80; number >>= 7)
        {
            yield return (byte)(number | 0x80);
        }

        yield return (byte)number;
    }

    private static bool IsRefused(byte[] file)
    {
        long start = Stopwatch.GetTimestamp();
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        Exception? exception = Record.Exception(() => SampleData.Read("a.parquet", file));
        Assert.True(exception is null or DatasetException, $"{exception}");
        Assert.DoesNotContain('\n', exception?.Message ?? "");
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 10);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, 1L << 28);
        return exception is not null;
    }
}
