using System.Text.Json;
using Chaku.Kernels.Memory;
using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Model.Tests.Files;

/// <summary>Files that PyTorch wrote, against what PyTorch says is in them.</summary>
public sealed class PyTorchTests
{
    private static readonly string[] Views =
        ["views.2.pt", "views.3.pt", "views.4.pt", "views.5.pt", "views.zip64.pt"];

    [Fact]
    public void Views_have_the_types_shapes_and_bytes_that_they_have_in_pytorch() => Assert.All(Views, name =>
    {
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(Sample("views.json")));
        using TensorFile file = TensorFile.Open(Sample(name));

        Assert.Equal(
            expected.RootElement.EnumerateObject().Select(entry => entry.Name),
            file.Tensors.Select(tensor => tensor.Name));
        Assert.All(file.Tensors, tensor =>
        {
            JsonElement entry = expected.RootElement.GetProperty(tensor.Name);
            Assert.Equal(entry.GetProperty("type").GetString(), tensor.DataType);
            Assert.Equal(entry.GetProperty("shape").EnumerateArray().Select(side => side.GetInt64()), tensor.Shape);
            byte[] bytes = Convert.FromHexString(entry.GetProperty("bytes").GetString()!);
            Assert.Equal(bytes.Length, tensor.ByteLength);
            Assert.Equal(bytes, file.Bytes(tensor, 0, bytes.Length));
            Assert.Equal(bytes, InPieces(file, tensor));
            if (tensor.Format is { } format && bytes.Length > 0)
            {
                float[] weights = new float[tensor.ElementCount];
                format.Dequantise(bytes, weights);
                Assert.Equal(weights, file.Singles(tensor));
                Assert.Equal(weights, Weights(file.Matrix(tensor)));
            }
        });
    });

    [Fact]
    public void What_lies_in_order_is_not_copied_and_what_is_tied_lies_once()
    {
        using TensorFile file = TensorFile.Open(Sample("views.2.pt"));

        Assert.All(
            (string[])["whole", "rows", "scalar", "parameter", "one_row_of_columns", "empty"],
            name => Assert.Null(file[name].Strides));
        Assert.All((string[])["transposed", "columns", "permuted"], name => Assert.NotNull(file[name].Strides));
        Assert.Equal(file["tied_a"].Offset, file["tied_b"].Offset);
        Assert.Equal(file["whole"].Offset + (6 * sizeof(float)), file["rows"].Offset);
    }

    [Theory]
    [InlineData("double", "'F64'")]
    [InlineData("long", "'I64'")]
    [InlineData("bool", "'BOOL'")]
    [InlineData("complex", "'C64'")]
    public void What_is_no_weight_is_listed_and_refused_only_when_read(string name, string type)
    {
        using TensorFile file = TensorFile.Open(Sample("views.2.pt"));

        string message = Assert.Throws<ModelFormatException>(() => file.Singles(file[name])).Message;
        Assert.Contains(type, message, StringComparison.Ordinal);
        Assert.Throws<ModelFormatException>(() => file.Matrix(file[name]));
        Assert.Throws<ModelFormatException>(() => file.Matrix(file["empty"]));
    }

    [Fact]
    public void A_state_dict_with_versions_of_its_modules_is_read()
    {
        using TensorFile file = TensorFile.Open(Sample("module.bin"));

        Assert.Equal(
            ["'0.weight' 'F32' [2, 3]", "'0.bias' 'F32' [2]", "'1.weight' 'F32' [2]", "'1.bias' 'F32' [2]"],
            file.Tensors.Select(tensor => tensor.ToString()));
        Assert.Equal([1f, 1f], file.Singles(file["1.weight"]));
        Assert.Empty(file.Metadata);
    }

    [Fact]
    public void Over_a_thousand_tensors_are_read()
    {
        using TensorFile file = TensorFile.Open(Sample("many.pt"));

        Assert.Equal(1010, file.Tensors.Count);
        Assert.All(file.Tensors, (tensor, i) => Assert.Equal([(float)i], file.Singles(tensor)));
    }

    [Fact]
    public void A_tensor_that_was_saved_alone_has_the_archives_name()
    {
        using TensorFile file = TensorFile.Open(Sample("alone.pth"));

        Assert.Equal("'alone' 'F32' [2, 3]", Assert.Single(file.Tensors).ToString());
    }

    [Fact]
    public void Bytes_outside_of_a_tensor_or_of_half_an_element_are_not_given()
    {
        using TensorFile file = TensorFile.Open(Sample("views.2.pt"));
        FileTensor tensor = file["transposed"];

        Assert.Throws<ArgumentOutOfRangeException>(() => file.Bytes(tensor, 93, 4).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Bytes(tensor, -4, 4).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Bytes(tensor, 2, 4).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Bytes(tensor, 0, 3).Length);
    }

    [Fact]
    public void Shards_that_an_index_names_are_one_folder()
    {
        using TemporaryFolder folder = new();
        File.Copy(Sample("alone.pth"), folder["one.pth"]);
        File.Copy(Sample("module.bin"), folder["two.bin"]);
        folder.Write("pytorch_model.bin.index.json", """
            {"weight_map": {"alone": "one.pth", "0.weight": "two.bin", "0.bias": "two.bin", "1.weight": "two.bin",
             "1.bias": "two.bin"}}
            """u8.ToArray());

        using TensorFolder found = TensorFolder.Open(folder.Path);

        Assert.Equal(5, found.Tensors.Count());
        Assert.Equal([1f, 1f, 1f, 1f, 1f, 1f], found.Singles("alone"));
        Assert.Equal("two.bin", Path.GetFileName(found.FindFile("1.bias")!.Path));
        Assert.Equal((2, 3), (found.Matrix("0.weight").Rows, found.Matrix("0.weight").Columns));
        Assert.Null(found.Find("none"));
        string message = Assert.Throws<ModelFormatException>(() => found.Matrix("none")).Message;
        Assert.Contains("'none'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_weights_is_refused_with_the_names_that_it_lacks()
    {
        using TemporaryFolder folder = new();

        string message = Assert.Throws<FileNotFoundException>(() => TensorFolder.Open(folder.Path)).Message;

        Assert.Contains("model.safetensors nor pytorch_model.bin", message, StringComparison.Ordinal);
    }

    internal static string Sample(string name) => Fixtures.TestData("pytorch", name);

    private static byte[] InPieces(TensorFile file, FileTensor tensor)
    {
        int piece = tensor.ElementCount == 0 ? 1 : 3 * (int)(tensor.ByteLength / tensor.ElementCount);
        List<byte> bytes = [];
        for (long start = 0; start < tensor.ByteLength; start += piece)
        {
            bytes.AddRange(file.Bytes(tensor, start, (int)Math.Min(piece, tensor.ByteLength - start)));
        }

        return [.. bytes];
    }

    private static float[] Weights(WeightMatrix matrix)
    {
        float[] weights = new float[matrix.Rows * matrix.Columns];
        for (int row = 0; row < matrix.Rows; row++)
        {
            matrix.Dequantise(row, 0, weights.AsSpan(row * matrix.Columns, matrix.Columns));
        }

        return weights;
    }
}
