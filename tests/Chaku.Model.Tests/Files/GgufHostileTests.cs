using System.Diagnostics;
using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Model.Tests.Files;

/// <summary>Files that are broken by accident or on purpose.</summary>
public sealed class GgufHostileTests
{
    private const int Seed = 20_231;

    [Fact]
    public void A_file_cut_at_200_random_places_is_always_refused()
    {
        using TemporaryFolder folder = new();
        byte[] whole = File.ReadAllBytes(Fixtures.TestData("models", "tiny", "llama-gqa.gguf"));
        using FileStream stream = new(folder.Write("cut.gguf", whole), FileMode.Open, FileAccess.Write);
        Random random = new(Seed);

        foreach (int cut in Enumerable.Range(0, 200).Select(_ => random.Next(whole.Length)).OrderDescending())
        {
            stream.SetLength(cut);
            Exception? exception = Record.Exception(() => GgufFile.Open(folder["cut.gguf"]).Dispose());
            Assert.True(exception is ModelFormatException, $"cut at {cut}, seed {Seed}: {exception}");
        }
    }

    [Theory]
    [InlineData("llama-gqa.gguf")]
    [InlineData("llama3-ropefreqs.gguf")]
    public void A_flipped_byte_in_the_header_is_refused_or_loads_and_takes_little_time_and_memory(string name)
    {
        using TemporaryFolder folder = new();
        byte[] whole = File.ReadAllBytes(Fixtures.TestData("models", "tiny", name));
        int headerLength = HeaderLength(Fixtures.TestData("models", "tiny", name));
        using FileStream stream = new(folder.Write("flipped.gguf", whole), FileMode.Open, FileAccess.Write);
        Random random = new(Seed);

        for (int round = 0; round < 500; round++)
        {
            int position = random.Next(headerLength);
            byte flipped = (byte)(whole[position] ^ random.Next(1, 256));
            Put(stream, position, flipped);
            long allocated = GC.GetAllocatedBytesForCurrentThread();
            long started = Stopwatch.GetTimestamp();
            Exception? exception = Record.Exception(() => GgufFile.Open(folder["flipped.gguf"]).Dispose());
            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            string place = $"byte {position} = {flipped}, seed {Seed}: {exception}";
            Assert.True(exception is null or ModelFormatException, place);
            Assert.True(allocated < 8 * whole.Length, $"{allocated} bytes allocated; {place}");
            Assert.True(Stopwatch.GetElapsedTime(started).TotalSeconds < 2, place);
            Put(stream, position, whole[position]);
        }
    }

    [Fact]
    public void An_empty_file_is_refused() => Refused([], "found 0 bytes to the end of the file");

    [Fact]
    public void Another_kind_of_file_is_refused() => Refused("PK\x3\x4 a zip file"u8.ToArray(), "0x46554747 (GGUF)");

    [Fact]
    public void A_big_endian_file_is_refused_by_name() =>
        Refused(GgufBytes.Header(version: 0x0300_0000).ToArray(), "version 3 byte-swapped: a big-endian file");

    [Fact]
    public void A_version_to_come_is_refused_by_name() =>
        Refused(GgufBytes.Header(version: 4).ToArray(), "byte 4: expected GGUF version 2 or 3, found GGUF version 4");

    [Theory]
    [InlineData(1UL << 63, 0UL)]
    [InlineData(0UL, 1UL << 63)]
    [InlineData(ulong.MaxValue, ulong.MaxValue)]
    public void Counts_beyond_the_file_are_refused(ulong tensors, ulong values) =>
        Refused(GgufBytes.Header(tensors, values).Weights(1000).ToArray(), "found " + Math.Max(tensors, values));

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 63)]
    [InlineData(1UL << 31)]
    public void Lengths_beyond_the_file_are_refused(ulong length)
    {
        Refused(GgufBytes.Header(values: 1).UInt64(length).Weights(64).ToArray(), $"found {length}");
        Refused(GgufBytes.Header(values: 1).Key("a", 8).UInt64(length).Weights(64).ToArray(), $"found {length}");
        foreach (uint type in new uint[] { 0, 7, 8, 9, 12 })
        {
            byte[] bytes = GgufBytes.Header(values: 1).Key("a", 9).UInt32(type).UInt64(length).Weights(64).ToArray();
            Refused(bytes, $"found {length}");
        }
    }

    [Fact]
    public void A_string_array_needs_eight_bytes_for_each_string() =>
        Refused(
            GgufBytes.Header(values: 1).Key("a", 9).UInt32(8).UInt64(9).Raw(new byte[64]).ToArray(),
            "expected at most 8 elements of 'a'");

    [Theory]
    [InlineData(9)]
    [InlineData(100_000)]
    public void Arrays_in_arrays_in_arrays_are_refused(int depth)
    {
        GgufBytes bytes = GgufBytes.Header(values: 1).Key("deep", 9);
        for (int level = 0; level < depth; level++)
        {
            bytes.UInt32(9).UInt64(1);
        }

        Refused(bytes.UInt32(0).UInt64(0).ToArray(), "arrays at most 8 deep in 'deep'");
    }

    [Theory]
    [InlineData(13)]
    [InlineData(uint.MaxValue)]
    public void An_unknown_value_type_is_refused_with_its_offset(uint type)
    {
        const string said = "expected a value type up to 12 for 'a'";
        Refused(GgufBytes.Header(values: 1).Key("a", type).UInt64(0).ToArray(), $"byte 33: {said}");
        Refused(GgufBytes.Header(values: 1).Key("a", 9).UInt32(type).UInt64(0).ToArray(), $"byte 37: {said}");
    }

    [Fact]
    public void A_bool_is_0_or_1()
    {
        Refused(GgufBytes.Header(values: 1).Key("a", 7).Raw([2]).ToArray(), "a bool of 0 or 1, found 2");
        Refused(
            GgufBytes.Header(values: 1).Key("a", 9).UInt32(7).UInt64(3).Raw([1, 0, 255]).ToArray(), "found 255");
    }

    [Fact]
    public void A_key_twice_is_refused() =>
        Refused(GgufBytes.Header(values: 2).Key("a", 0).Raw([1]).Key("a", 0).Raw([1]).ToArray(), "found 'a' again");

    [Fact]
    public void A_key_that_is_no_text_is_refused() =>
        Refused(
            GgufBytes.Header(values: 1).UInt64(2).Raw([0x61, 0xff]).UInt32(0).Raw([1]).ToArray(),
            "byte 33: expected a metadata key in UTF-8");

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(48)]
    [InlineData(1u << 31)]
    public void An_alignment_that_is_no_power_of_two_or_huge_is_refused(uint alignment) =>
        Refused(
            GgufBytes.Header(values: 1).Key("general.alignment", 4).UInt32(alignment).ToArray(),
            $"a power of two up to 1048576, found UInt32 {alignment}");

    [Fact]
    public void A_message_is_one_line_even_where_a_name_is_not() =>
        Refused(
            GgufBytes.Header(values: 1).Key("a\r\n\u001b[31mb\u2028" + new string('x', 1000), 99).UInt64(0).ToArray(),
            @"'a\u000d\u000a\u001b[31mb\u2028");

    private static void Refused(byte[] bytes, string said) => GgufRefusal.Of(bytes, said);

    private static int HeaderLength(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        return (int)file.Tensors.Min(tensor => tensor.Offset);
    }

    private static void Put(FileStream stream, int position, byte value)
    {
        stream.Position = position;
        stream.WriteByte(value);
        stream.Flush();
    }
}
