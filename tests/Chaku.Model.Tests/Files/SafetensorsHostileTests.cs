using System.Text;
using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Model.Tests.Files;

/// <summary>Safetensors files that are broken by accident or on purpose.</summary>
public sealed class SafetensorsHostileTests
{
    private const int Seed = 20_232;

    [Theory]
    [InlineData(1UL << 60)]
    [InlineData(ulong.MaxValue)]
    [InlineData(57UL)]
    public void A_header_longer_than_the_file_is_refused(ulong length) =>
        Refused([.. BitConverter.GetBytes(length), .. new byte[56]], $"found a header of {length} bytes");

    [Fact]
    public void A_header_over_100_million_bytes_is_refused_unread()
    {
        using TemporaryFolder folder = new();
        using (FileStream stream = File.Create(folder["a"]))
        {
            stream.Write(BitConverter.GetBytes(100_000_001UL));
            stream.SetLength(200_000_000);
        }

        Assert.Throws<ModelFormatException>(() => TensorFile.Open(folder["a"]));
    }

    [Theory]
    [InlineData("", "a JSON header")]
    [InlineData("[]", "an object, found StartArray")]
    [InlineData("{\"a\":1}", "an object for tensor 'a', found Number")]
    [InlineData("{} {}", "a JSON header")]
    [InlineData("{\"a\":{}}", "dtype, shape and two data_offsets of 'a', found fewer or more")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}""", "two data_offsets of 'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}""", "two data_offsets of 'a'")]
    [InlineData("""{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "each once, found 'dtype'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}""", "each once, found 'x'")]
    [InlineData("""{"a":{"dtype":4,"shape":[1],"data_offsets":[0,4]}}""", "the type of 'a', found Number")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", "in the shape of 'a', found Number")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", "in the shape of 'a', found Number")]
    [InlineData("""{"a":{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}}""", "the shape of 'a', found StartArray")]
    [InlineData("""{"__metadata__":{"a":1}}""", "a string as metadata 'a', found Number")]
    [InlineData("""{"__metadata__":{"a":"x","a":"x"}}""", "found 'a' again")]
    [InlineData("""{"__metadata__":[]}""", "an object of strings")]
    [InlineData("""{"\ud800":{}}""", "a JSON header")]
    public void A_header_that_is_wrong_is_refused(string header, string said) =>
        Refused(SafetensorsTests.Bytes(header, new byte[4]), said);

    [Theory]
    [InlineData("F32", "1", "4,0", "found offsets 4 to 0")]
    [InlineData("F32", "2", "0,8", "within the 4 bytes of data, found offsets 0 to 8")]
    [InlineData("F32", "2", "0,4", "expected 8 bytes of 'a'")]
    [InlineData("F32", "9223372036854775807,4,2", "0,0", "found 0 bytes")]
    [InlineData("F32", "4611686018427387904,4,4,4,4,4,4,4,4", "0,0", "found 0 bytes")]
    [InlineData("F16", "1", "2,4", "found a hole of 2 bytes")]
    [InlineData("F16", "1", "0,2", "found 2 more bytes")]
    [InlineData("U8", "3", "0,3", "an overlap", ""","b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}""")]
    public void A_place_that_is_wrong_is_refused(
        string dataType, string shape, string offsets, string said, string next = "") =>
        Refused(
            SafetensorsTests.Bytes(
                $$"""{"a":{"dtype":"{{dataType}}","shape":[{{shape}}],"data_offsets":[{{offsets}}]}{{next}} }""",
                new byte[4]),
            said);

    [Fact]
    public void A_name_twice_is_refused()
    {
        const string tensor = """{"dtype":"U8","shape":[0],"data_offsets":[0,0]}""";
        Refused(SafetensorsTests.Bytes($$"""{"a":{{tensor}},"a":{{tensor}}}""", []), "found 'a' again");
    }

    [Fact]
    public void A_million_brackets_are_refused()
    {
        Refused(SafetensorsTests.Bytes(new string('[', 1_000_000), []), "an object, found StartArray");
        Refused(
            SafetensorsTests.Bytes("{\"a\":" + string.Concat(Enumerable.Repeat("{\"a\":", 1_000_000)), []),
            "found 'a'");
    }

    [Fact]
    public void Bytes_that_are_no_text_are_refused()
    {
        byte[] header = [.. "{\"a"u8, 0xff, .. "\":{}}"u8];
        Refused([.. BitConverter.GetBytes((ulong)header.Length), .. header], "a JSON header");
    }

    [Fact]
    public void Cut_and_flipped_files_are_refused_or_load()
    {
        using TemporaryFolder folder = new();
        float[] weights = [1, 2, 3, 4];
        SafetensorsWriter.Write(
            folder["a"],
            new Dictionary<string, string> { ["format"] = "pt", ["base"] = "0123" },
            [TensorSource.FromSingles("a", [4], weights), TensorSource.FromSingles("b", [2, 2], weights)]);
        byte[] whole = File.ReadAllBytes(folder["a"]);
        Random random = new(Seed);

        for (int cut = 0; cut < whole.Length; cut++)
        {
            string path = folder.Write("cut", whole[..cut]);
            Assert.True(Record.Exception(() => TensorFile.Open(path)) is ModelFormatException, $"cut at {cut}");
        }

        for (int round = 0; round < 500; round++)
        {
            byte[] flipped = [.. whole];
            int position = random.Next(whole.Length);
            flipped[position] ^= (byte)random.Next(1, 256);
            Exception? exception = Record.Exception(
                () => TensorFile.Open(folder.Write("flipped", flipped)).Dispose());
            Assert.True(exception is null or ModelFormatException, $"byte {position}, seed {Seed}: {exception}");
        }
    }

    [Theory]
    [InlineData("""{"weight_map":{"a":"../a.safetensors"}}""", "a file name without a folder")]
    [InlineData("""{"weight_map":{"a":"C:\\a.safetensors"}}""", "a file name without a folder")]
    [InlineData("""{"weight_map":{"a":".."}}""", "a file name without a folder")]
    [InlineData("""{"weight_map":{"a":1}}""", "a JSON index")]
    [InlineData("""{"weight_map":3,"a":"b"}""", "an object as weight_map")]
    [InlineData("""{"metadata":{"weight_map":{}}}""", "an object with weight_map")]
    [InlineData("""{"weight_map":{""", "a JSON index")]
    [InlineData("""{"weight_map":{"a":"one","none":"one"}}""", "tensor 'none' in 'one', found none")]
    [InlineData("""{"weight_map":{"a":"one","b":"one"}}""", "tensor 'b' in 'one', found none")]
    [InlineData("""{"weight_map":{"b":"two"}}""", "no tensors but those of")]
    [InlineData("""{"weight_map":{"a":"one","b":"three"}}""", "every tensor in one file")]
    public void An_index_that_is_wrong_is_refused(string index, string said)
    {
        using TemporaryFolder folder = new();
        Dictionary<string, string> none = [];
        TensorSource a = TensorSource.FromSingles("a", [1], new float[1]);
        SafetensorsWriter.Write(folder["one"], none, [a]);
        SafetensorsWriter.Write(folder["two"], none, [a with { Name = "b" }, a with { Name = "c" }]);
        SafetensorsWriter.Write(folder["three"], none, [a, a with { Name = "b" }]);
        folder.Write("model.safetensors.index.json", Encoding.UTF8.GetBytes(index));

        string message =
            Assert.Throws<ModelFormatException>(() => TensorFolder.Open(folder.Path).Dispose()).Message;

        Assert.Contains(said, message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_shard_is_named()
    {
        using TemporaryFolder folder = new();
        folder.Write("model.safetensors.index.json", """{"weight_map":{"a":"none.safetensors"}}"""u8.ToArray());

        Assert.Contains(
            "none.safetensors",
            Assert.Throws<FileNotFoundException>(() => TensorFolder.Open(folder.Path)).Message,
            StringComparison.Ordinal);
    }

    private static void Refused(byte[] bytes, string said)
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("hostile.safetensors", bytes);
        string message = Assert.Throws<ModelFormatException>(() => TensorFile.Open(path).Dispose()).Message;
        Assert.Contains(said, message, StringComparison.Ordinal);
        Assert.DoesNotContain(message, char.IsControl);
    }
}
