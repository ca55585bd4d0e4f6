using System.Text;
using Chaku.Kernels.Formats;
using Chaku.Model.Files;
using Chaku.Tests;
using CsCheck;

namespace Chaku.Model.Tests.Files;

/// <summary>What is written is read again, and what a header may not say is refused.</summary>
public sealed class SafetensorsTests
{
    private static readonly TensorFormat[] Formats =
        [.. ElementTypes.Readable.Select(name => ElementTypes.FormatOf(name)!)];

    [Fact]
    public void Tensors_and_strings_come_back()
    {
        Gen<TensorSource> tensor = Gen.Select(
            Gen.Int[0, Formats.Length - 1], Gen.Long[0, 4].Array[0, 4], Gen.Byte, MakeTensor);
        Gen.Select(Gen.Dictionary(Text, Text)[0, 5], tensor.Array[0, 6], Text.Array[6]).Sample(
            (strings, drawn, names) =>
            {
                using TemporaryFolder folder = new();
                TensorSource[] tensors =
                    [.. drawn.Select((source, index) => source with { Name = $"{index}{names[index]}" })];
                SafetensorsWriter.Write(folder["a"], strings, tensors);
                SafetensorsWriter.Write(folder["b"], strings.Reverse().ToDictionary(), tensors);
                byte[] bytes = File.ReadAllBytes(folder["a"]);
                Assert.Equal(bytes, File.ReadAllBytes(folder["b"]));
                Assert.Equal(0UL, BitConverter.ToUInt64(bytes) % 8);
                using TensorFile file = TensorFile.Open(folder["a"]);
                Assert.Equal(strings.OrderBy(entry => entry.Key), file.Metadata.OrderBy(entry => entry.Key));
                Assert.Equal(tensors.Select(source => source.Name), file.Tensors.Select(read => read.Name));
                foreach ((TensorSource source, FileTensor read) in tensors.Zip(file.Tensors))
                {
                    using MemoryStream written = new();
                    source.WriteTo(written);
                    float[] weights = new float[read.ElementCount];
                    source.Format!.Dequantise(written.ToArray(), weights);
                    Assert.Equal(source.DataType, read.DataType);
                    Assert.Equal(source.Dimensions, read.Shape);
                    Assert.Equal(Bits(weights), Bits(file.Singles(read)));
                }
            },
            iter: 100);
    }

    [Fact]
    public void The_layout_is_the_specifications()
    {
        using TemporaryFolder folder = new();
        SafetensorsWriter.Write(
            folder["a"],
            new Dictionary<string, string> { ["format"] = "pt" },
            [TensorSource.FromSingles("w", [1, 2], new[] { 1f, -2f })]);

        const string header =
            """{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}} """;
        byte[] expected =
            [88, 0, 0, 0, 0, 0, 0, 0, .. Encoding.UTF8.GetBytes(header), 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0];
        Assert.Equal(88, header.Length);
        Assert.Equal(expected, File.ReadAllBytes(folder["a"]));
    }

    [Fact]
    public void Halves_and_bfloats_are_read()
    {
        const string header = """
            {"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},
            "b":{"dtype":"BF16","shape":[],"data_offsets":[4,6]}}
            """;
        using TemporaryFolder folder = new();
        using TensorFile file =
            TensorFile.Open(folder.Write("a", Bytes(header, [0x00, 0x3c, 0x00, 0xc1, 0x49, 0x40])));

        Assert.Equal([1f, -2.5f], file.Singles(file["h"]));
        Assert.Equal([3.140625f], file.Singles(file["b"]));
        Assert.Equal(1, file["b"].ElementCount);
        Assert.Equal((1, 2), (file.Matrix(file["h"]).Rows, file.Matrix(file["h"]).Columns));
    }

    [Theory]
    [InlineData("I64", 8)]
    [InlineData("F8_E4M3", 1)]
    [InlineData("F4", 3)]
    public void Another_type_is_listed_and_refused_when_it_is_read(string dataType, int byteLength)
    {
        string header = $$"""{"t":{"dtype":"{{dataType}}","shape":[1],"data_offsets":[0,{{byteLength}}] } }""";
        using TemporaryFolder folder = new();
        using TensorFile file = TensorFile.Open(folder.Write("a", Bytes(header, new byte[byteLength])));

        Assert.Equal(dataType, Assert.Single(file.Tensors).DataType);
        string said = Assert.Throws<ModelFormatException>(() => file.Singles(file["t"])).Message;
        Assert.Contains($"'t' '{dataType}' [1]", said, StringComparison.Ordinal);
        Assert.Throws<ModelFormatException>(() => file.Matrix(file["t"]));
    }

    [Fact]
    public void What_the_format_cannot_hold_is_not_written()
    {
        using TemporaryFolder folder = new();
        Dictionary<string, string> none = [];
        TensorSource good = TensorSource.FromSingles("t", [2], new float[2]);

        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(folder["a"], none, [good, good]));
        Assert.Throws<ArgumentException>(
            () => SafetensorsWriter.Write(folder["a"], none, [good with { Name = "__metadata__" }]));
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(
            folder["a"], none, [good with { Format = TensorFormats.FromName("Q8_0")!, Dimensions = [32] }]));
        Assert.Throws<InvalidDataException>(
            () => SafetensorsWriter.Write(folder["a"], none, [good with { Dimensions = [3] }]));
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    internal static byte[] Bytes(string header, byte[] data) =>
        [
            .. BitConverter.GetBytes((ulong)Encoding.UTF8.GetByteCount(header)),
            .. Encoding.UTF8.GetBytes(header),
            .. data,
        ];

    // A lone surrogate has no bytes in UTF-8, so it cannot come back.
    private static Gen<string> Text =>
        Gen.String[0, 8].Select(text => string.Concat(text.Where(letter => !char.IsSurrogate(letter))) + "ż𝄞\"\\\n");

    private static TensorSource MakeTensor(int format, long[] shape, byte first)
    {
        byte[] bytes = new byte[Formats[format].ByteLength(shape.Aggregate(1L, (product, length) => product * length))];
        for (int index = 0; index < bytes.Length; index++)
        {
            bytes[index] = (byte)(first + index);
        }

        return TensorSource.FromBytes("t", Formats[format], shape, bytes);
    }

    private static uint[] Bits(float[] weights) => Array.ConvertAll(weights, BitConverter.SingleToUInt32Bits);
}
