using Chaku.Kernels.Formats;
using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Model.Tests.Files;

/// <summary>The tensor table: what it may say, and what it may not.</summary>
public sealed class GgufTensorTableTests
{
    [Fact]
    public void Tensors_lie_where_the_table_says_in_any_order()
    {
        byte[] bytes = GgufBytes.Header(tensors: 2)
            .Tensor("second", [2, 2], offset: 32)
            .Tensor("first", [8])
            .Weights(0)
            .Raw(new byte[32]).UInt32(BitConverter.SingleToUInt32Bits(1.5f)).Raw(new byte[12]).ToArray();
        using TemporaryFolder folder = new();
        using GgufFile file = GgufFile.Open(folder.Write("a.gguf", bytes));

        Assert.Equal(["second", "first"], file.Tensors.Select(tensor => tensor.Name));
        GgufTensor second = file["second"];
        Assert.Equal((bytes.Length - 16, 16, 4), (second.Offset, second.ByteLength, second.ElementCount));
        Assert.Equal(1.5f, BitConverter.ToSingle(file.Matrix(second).Row(0)));
        Assert.Equal(new float[8], file.Vector(file["first"]));
        Assert.Throws<ModelFormatException>(() => file.Vector(second));
        Assert.Throws<ModelFormatException>(() => file["third"]);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Bytes(second, 8, 9).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Bytes(second, -1, 1).Length);
    }

    [Fact]
    public void A_stated_alignment_places_the_tensors()
    {
        byte[] bytes = GgufBytes.Header(tensors: 2, values: 1)
            .Key("general.alignment", 4).UInt32(8)
            .Tensor("a", [1]).Tensor("b", [1], offset: 8)
            .Weights(12, alignment: 8).ToArray();
        using TemporaryFolder folder = new();
        using GgufFile file = GgufFile.Open(folder.Write("a.gguf", bytes));

        Assert.Equal(8, file.Alignment);
        Assert.Equal(bytes.Length - 4, file["b"].Offset);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(1000)]
    public void Dimensions_are_one_to_four(int count) =>
        Refused(Table("t", Enumerable.Repeat(1UL, count).ToArray()), "expected 1 to 4 dimensions of 't'");

    [Fact]
    public void Dimensions_have_a_product_that_fits()
    {
        const string said = "dimensions of 't' with a product of 1";
        Refused(Table("t", [0, 4]), said);
        Refused(Table("t", [ulong.MaxValue]), said);
        Refused(Table("t", [1UL << 32, 1UL << 32]), said);
        Refused(Table("t", [1UL << 63, 1UL << 63, 1UL << 63, 1UL << 63]), said);
        Refused(Table("t", [1UL << 62]), "within the 64 bytes of weights");
    }

    [Fact]
    public void Rows_are_whole_blocks() =>
        Refused(Table("t", [33], type: 8), "rows of 't' in whole Q8_0 blocks of 32 weights, found [33]");

    [Fact]
    public void An_unknown_tensor_type_is_refused_with_tensor_and_number() =>
        Refused(Table("t", [32], type: 4), "a tensor type that is known for 't', found type number 4");

    [Fact]
    public void Offsets_are_multiples_of_the_alignment()
    {
        Refused(Table("t", [4], offset: 16), "an offset of 't' that is a multiple of 32, found 16");
        Refused(Table("t", [4], offset: ulong.MaxValue - 31), "an offset of 't'");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(32)]
    [InlineData(1L << 62)]
    public void Weights_are_within_the_file(long offset) =>
        Refused(Table("t", [17], offset: (ulong)offset), "68 bytes of 't' F32 [17] within the 64 bytes of weights");

    [Fact]
    public void A_name_twice_is_refused() =>
        Refused(
            GgufBytes.Header(tensors: 2).Tensor("t", [1]).Tensor("t", [1], offset: 32).Weights(64).ToArray(),
            "found 't' again");

    [Fact]
    public void Tensors_that_overlap_are_refused() =>
        Refused(
            GgufBytes.Header(tensors: 2).Tensor("b", [4], offset: 32).Tensor("a", [9]).Weights(64).ToArray(),
            "'b' F32 [4] after the end of 'a' F32 [9], found an overlap");

    [Fact]
    public void Every_format_in_the_table_is_read()
    {
        foreach (TensorFormat format in TensorFormats.All)
        {
            byte[] bytes = GgufBytes.Header(tensors: 1)
                .Tensor("t", [(ulong)format.BlockLength, 3], (uint)format.GgmlType)
                .Weights(3 * format.BlockByteLength).ToArray();
            using TemporaryFolder folder = new();
            using GgufFile file = GgufFile.Open(folder.Write("a.gguf", bytes));

            Assert.Same(format, file["t"].Format);
            Assert.Equal((3, format.BlockLength), (file.Matrix(file["t"]).Rows, file.Matrix(file["t"]).Columns));
        }
    }

    private static byte[] Table(string name, ulong[] dimensions, uint type = 0, ulong offset = 0) =>
        GgufBytes.Header(tensors: 1).Tensor(name, dimensions, type, offset).Weights(64).ToArray();

    private static void Refused(byte[] bytes, string said) => GgufRefusal.Of(bytes, said);
}
