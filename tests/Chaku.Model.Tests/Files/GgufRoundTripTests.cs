using Chaku.Kernels.Formats;
using Chaku.Model.Files;
using Chaku.Tests;
using CsCheck;

namespace Chaku.Model.Tests.Files;

/// <summary>What is written is read again.</summary>
public sealed class GgufRoundTripTests
{
    private static readonly Gen<object> Scalar = Gen.OneOf(
        Boxed(Gen.Byte), Boxed(Gen.SByte), Boxed(Gen.UShort), Boxed(Gen.Short), Boxed(Gen.UInt), Boxed(Gen.Int),
        Boxed(Gen.Float), Boxed(Gen.Bool), Boxed(Gen.ULong), Boxed(Gen.Long), Boxed(Gen.Double));

    private static readonly Gen<object> Flat = Gen.OneOf(
        Arrays(Gen.Byte), Arrays(Gen.SByte), Arrays(Gen.UShort), Arrays(Gen.Short), Arrays(Gen.UInt), Arrays(Gen.Int),
        Arrays(Gen.Float), Arrays(Gen.Bool), Arrays(Gen.ULong), Arrays(Gen.Long), Arrays(Gen.Double),
        Arrays(Gen.Byte.Array[0, 9]), Gen.String[0, 9].Select(text => (object)text));

    private static readonly Gen<object> Nested = Gen.Int.Array[0, 4].Array[0, 4].Select(Nest);

    private static readonly Gen<TensorSource> Tensor = Gen.Select(
        Gen.Int[0, TensorFormats.All.Count - 1], Gen.Int[1, 3], Gen.Int[1, 5], Gen.Byte, MakeTensor);

    [Fact]
    public void Metadata_of_every_type_come_back_in_order()
    {
        Gen.Dictionary(Gen.String[1, 12], Gen.OneOf(Scalar, Flat, Nested))[0, 12].Sample(
            values =>
            {
                using TemporaryFolder folder = new();
                Metadata written = new("new.gguf");
                foreach ((string key, object value) in values.Where(entry => IsText(entry.Key)))
                {
                    written.Add(key, value);
                }

                GgufWriter.Write(folder["new.gguf"], written, []);
                using GgufFile file = GgufFile.Open(folder["new.gguf"]);
                Assert.Equal(written.Select(Describe), file.Metadata.Select(Describe));
            },
            iter: 200);
    }

    [Fact]
    public void Tensors_of_every_format_come_back()
    {
        Gen.Select(Tensor.Array[0, 6], Gen.Int[0, 8]).Sample(
            (drawn, power) =>
            {
                using TemporaryFolder folder = new();
                TensorSource[] tensors = [.. drawn.Select((tensor, index) => tensor with { Name = $"t{index}" })];
                Metadata metadata = new("new.gguf");
                metadata.Add("general.alignment", 1u << power);
                GgufWriter.Write(folder["new.gguf"], metadata, tensors);
                using GgufFile file = GgufFile.Open(folder["new.gguf"]);
                Assert.Equal(tensors.Length, file.Tensors.Count);
                Assert.Equal(0, file.Length % file.Alignment);
                foreach ((TensorSource source, GgufTensor tensor) in tensors.Zip(file.Tensors))
                {
                    using MemoryStream bytes = new();
                    source.WriteTo(bytes);
                    Assert.Equal(source.Name, tensor.Name);
                    Assert.Same(source.Format, tensor.Format);
                    Assert.Equal(source.Dimensions, tensor.Dimensions);
                    Assert.Equal(0, tensor.Offset % file.Alignment);
                    Assert.Equal(bytes.ToArray(), file.Bytes(tensor, 0, (int)tensor.ByteLength).ToArray());
                }
            },
            iter: 100);
    }

    [Theory]
    [InlineData("llama-gqa.gguf")]
    [InlineData("llama-mqa-tied.gguf")]
    [InlineData("llama3-ropefreqs.gguf")]
    public void A_file_of_another_program_is_written_again_byte_for_byte(string name)
    {
        string path = Fixtures.TestData("models", "tiny", name);
        using TemporaryFolder folder = new();
        using GgufFile file = GgufFile.Open(path);

        GgufWriter.Write(folder[name], file.Metadata, [.. file.Tensors.Select(tensor => Copy(file, tensor))]);

        Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(folder[name]));
    }

    [Fact]
    public void What_the_format_cannot_hold_is_not_written()
    {
        using TemporaryFolder folder = new();
        TensorSource good = TensorSource.FromSingles("t", [2], new float[2]);
        Metadata metadata = new("new.gguf");
        metadata.Add("key", 1);

        Assert.Throws<ArgumentException>(() => metadata.Add("key", 1));
        Assert.Throws<ArgumentException>(() => metadata.Add("other", DateTime.UnixEpoch));
        Assert.Throws<ArgumentException>(() => Write(good, good));
        Assert.Throws<ArgumentException>(() => Write(good with { Dimensions = [] }));
        Assert.Throws<ArgumentException>(() => Write(good with { Dimensions = [0] }));
        Assert.Throws<InvalidDataException>(() => Write(good with { Dimensions = [3] }));
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));

        void Write(params TensorSource[] tensors) => GgufWriter.Write(folder["a"], metadata, tensors);
    }

    private static TensorSource Copy(GgufFile file, GgufTensor tensor) => new(
        tensor.Name,
        tensor.Format,
        tensor.Dimensions,
        stream => stream.Write(file.Bytes(tensor, 0, (int)tensor.ByteLength)));

    private static TensorSource MakeTensor(int format, int blocks, int rows, byte first)
    {
        TensorFormat chosen = TensorFormats.All[format];
        byte[] bytes = new byte[blocks * rows * chosen.BlockByteLength];
        for (int index = 0; index < bytes.Length; index++)
        {
            bytes[index] = (byte)(first + index);
        }

        return TensorSource.FromBytes("t", chosen, [blocks * chosen.BlockLength, rows], bytes);
    }

    private static bool IsText(string key) => !key.Any(char.IsSurrogate);

    private static Gen<object> Boxed<T>(Gen<T> gen)
        where T : notnull => gen.Select(value => (object)value);

    private static Gen<object> Arrays<T>(Gen<T> gen) => gen.Array[0, 9].Select(values => (object)values);

    private static object Nest(int[][] arrays) => new GgufArray(
        GgufValueType.Array, Array.ConvertAll(arrays, array => new GgufArray(GgufValueType.Int32, array)));

    private static string Describe(MetadataValue value) => $"{value.Key}: {value.Type} {Describe(value.Content)}";

    private static string Describe(object content) => content switch
    {
        GgufArray array => $"{array.ElementType}[{string.Join(", ", array.Items.Cast<object>().Select(Describe))}]",
        byte[] text => Convert.ToHexString(text),
        float number => BitConverter.SingleToUInt32Bits(number).ToString("x8", null),
        double number => BitConverter.DoubleToUInt64Bits(number).ToString("x16", null),
        _ => FormattableString.Invariant($"{content}"),
    };
}
