using System.Text;

namespace Chaku.Model.Tests.Files;

/// <summary>Builds GGUF bytes, right or wrong, without the code under test.</summary>
internal sealed class GgufBytes
{
    private readonly List<byte> _bytes = [];

    public static GgufBytes Header(ulong tensors = 0, ulong values = 0, uint version = 3) =>
        new GgufBytes().Raw("GGUF"u8).UInt32(version).UInt64(tensors).UInt64(values);

    public GgufBytes Raw(ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public GgufBytes UInt32(uint value) => Raw(BitConverter.GetBytes(value));

    public GgufBytes UInt64(ulong value) => Raw(BitConverter.GetBytes(value));

    public GgufBytes Text(string text) =>
        UInt64((ulong)Encoding.UTF8.GetByteCount(text)).Raw(Encoding.UTF8.GetBytes(text));

    /// <summary>A key and the number of its value's type.</summary>
    public GgufBytes Key(string key, uint type) => Text(key).UInt32(type);

    public GgufBytes Tensor(string name, ulong[] dimensions, uint type = 0, ulong offset = 0)
    {
        Text(name).UInt32((uint)dimensions.Length);
        Array.ForEach(dimensions, length => UInt64(length));
        return UInt32(type).UInt64(offset);
    }

    /// <summary>Ends the header and adds bytes of weights.</summary>
    public GgufBytes Weights(int byteLength, int alignment = 32) =>
        Raw(new byte[-_bytes.Count & (alignment - 1)]).Raw(new byte[byteLength]);

    public byte[] ToArray() => [.. _bytes];
}
