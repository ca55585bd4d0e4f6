using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Chaku.Model.Tests.Files;

/// <summary>Writes pickles and archives by hand, so that they may be as wrong as a test wants.</summary>
internal static class PyTorchArchiveBytes
{
    /// <summary>The arguments of a plain float32 tensor of six numbers in storage 0.</summary>
    public static byte[] SixNumbers => Tensor(Storage("FloatStorage", "0", 6), 0, [2, 3], [3, 1]);

    /// <summary>An archive with this pickle and a storage of six float32.</summary>
    public static byte[] Archive(byte[] pickle, params (string Name, byte[] Bytes)[] records) =>
        Zip([("a/data.pkl", pickle), ("a/data/0", new byte[24]), .. records]);

    /// <summary>An archive of these records.</summary>
    public static byte[] Zip(
        (string Name, byte[] Bytes)[] records, CompressionLevel level = CompressionLevel.NoCompression)
    {
        using MemoryStream stream = new();
        using (ZipArchive zip = new(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, byte[] bytes) in records)
            {
                using Stream record = zip.CreateEntry(name, level).Open();
                record.Write(bytes);
            }
        }

        return stream.ToArray();
    }

    /// <summary>A pickle of protocol 2.</summary>
    public static byte[] Pickle(params byte[][] parts) => [0x80, 2, .. parts.SelectMany(part => part), (byte)'.'];

    /// <summary>A pickle of a dictionary with one entry.</summary>
    public static byte[] Entry(string key, byte[] value) => Pickle([(byte)'}'], Text(key), value, [(byte)'s']);

    /// <summary>A name out of Python.</summary>
    public static byte[] Symbol(string module, string name) => [.. Encoding.UTF8.GetBytes($"c{module}\n{name}\n")];

    /// <summary>A string.</summary>
    public static byte[] Text(string text) =>
        [(byte)'X', .. Bytes(Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];

    /// <summary>A whole number of eight bytes.</summary>
    public static byte[] Number(long number)
    {
        byte[] bytes = new byte[10];
        (bytes[0], bytes[1]) = (0x8a, 8);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(2), number);
        return bytes;
    }

    /// <summary>A tuple.</summary>
    public static byte[] Group(params byte[][] items) => [(byte)'(', .. items.SelectMany(item => item), (byte)'t'];

    /// <summary>A call.</summary>
    public static byte[] Call(byte[] symbol, params byte[][] arguments) =>
        [.. symbol, .. Group(arguments), (byte)'R'];

    /// <summary>A storage.</summary>
    public static byte[] Storage(string type, string key, long count) =>
        [.. Group(Text("storage"), Symbol("torch", type), Text(key), Text("cpu"), Number(count)), (byte)'Q'];

    /// <summary>A view of a storage.</summary>
    public static byte[] Tensor(byte[] storage, long offset, long[] shape, long[] strides, params byte[][] more) =>
        Call(
            Symbol("torch._utils", "_rebuild_tensor_v2"),
            [
                storage,
                Number(offset),
                Group([.. shape.Select(Number)]),
                Group([.. strides.Select(Number)]),
                [0x89],
                Call(Symbol("collections", "OrderedDict")),
                .. more,
            ]);

    private static byte[] Bytes(int number)
    {
        byte[] bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        return bytes;
    }
}
