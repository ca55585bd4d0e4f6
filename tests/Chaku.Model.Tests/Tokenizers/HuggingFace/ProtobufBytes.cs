using System.Text;

namespace Chaku.Model.Tests.Tokenizers.HuggingFace;

/// <summary>Writes fields of Protocol Buffers.</summary>
internal static class ProtobufBytes
{
    public static byte[] Varint(ulong value)
    {
        List<byte> bytes = [];
        for (; value >= 0x80; value >>= 7)
        {
            bytes.Add((byte)(value | 0x80));
        }

        return [.. bytes, (byte)value];
    }

    public static byte[] Number(int field, long value) => [.. Varint((ulong)field << 3), .. Varint((ulong)value)];

    public static byte[] Single(int field, float value) =>
        [.. Varint(((ulong)field << 3) | 5), .. BitConverter.GetBytes(value)];

    public static byte[] Bytes(int field, params ReadOnlySpan<byte> value) =>
        [.. Varint(((ulong)field << 3) | 2), .. Varint((ulong)value.Length), .. value];

    public static byte[] Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    /// <summary>A SentencePiece model's piece.</summary>
    public static byte[] Piece(string text, float score, int type) =>
        Bytes(1, [.. Text(1, text), .. Single(2, score), .. Number(3, type)]);
}
