using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Chaku.Model.Files;

/// <summary>A metadata type of fixed size: an entry of <see cref="All"/>.</summary>
internal abstract class GgufScalar
{
    /// <summary>Every metadata type but strings and arrays.</summary>
    public static readonly IReadOnlyList<GgufScalar> All =
    [
        new GgufScalar<byte>(GgufValueType.UInt8),
        new GgufScalar<sbyte>(GgufValueType.Int8),
        new GgufScalar<ushort>(GgufValueType.UInt16),
        new GgufScalar<short>(GgufValueType.Int16),
        new GgufScalar<uint>(GgufValueType.UInt32),
        new GgufScalar<int>(GgufValueType.Int32),
        new GgufScalar<float>(GgufValueType.Float32),
        new GgufScalar<bool>(GgufValueType.Bool),
        new GgufScalar<ulong>(GgufValueType.UInt64),
        new GgufScalar<long>(GgufValueType.Int64),
        new GgufScalar<double>(GgufValueType.Float64),
    ];

    /// <summary>The type's number in the file.</summary>
    public abstract GgufValueType Type { get; }

    /// <summary>What holds one value in memory.</summary>
    public abstract Type ClrType { get; }

    /// <summary>Bytes of one value.</summary>
    public abstract int ByteLength { get; }

    /// <summary>The entry with this number; null for strings, arrays and numbers no type has.</summary>
    public static GgufScalar? Find(GgufValueType type) => All.FirstOrDefault(scalar => scalar.Type == type);

    /// <summary>The entry held by this type in memory; null where there is none.</summary>
    public static GgufScalar? Find(Type clrType) => All.FirstOrDefault(scalar => scalar.ClrType == clrType);

    /// <summary>One value, boxed, from the <see cref="ByteLength"/> bytes of a file.</summary>
    public abstract object Read(ReadOnlySpan<byte> bytes);

    /// <summary>An array of values from the bytes of a file.</summary>
    public abstract Array ReadArray(ReadOnlySpan<byte> bytes);

    /// <summary>One value's bytes for a file.</summary>
    public abstract void Write(object value, IBufferWriter<byte> output);

    /// <summary>An array's bytes for a file, without its length.</summary>
    public abstract void WriteArray(Array values, IBufferWriter<byte> output);
}

/// <summary>The entry of a type in memory.</summary>
/// <typeparam name="T">Holds one value, with the file's size and byte order.</typeparam>
internal sealed class GgufScalar<T>(GgufValueType type) : GgufScalar
    where T : unmanaged
{
    public override GgufValueType Type => type;

    public override Type ClrType => typeof(T);

    public override int ByteLength => Unsafe.SizeOf<T>();

    public override object Read(ReadOnlySpan<byte> bytes) => MemoryMarshal.Read<T>(bytes);

    public override Array ReadArray(ReadOnlySpan<byte> bytes) => MemoryMarshal.Cast<byte, T>(bytes).ToArray();

    public override void Write(object value, IBufferWriter<byte> output) => WriteArray(new[] { (T)value }, output);

    public override void WriteArray(Array values, IBufferWriter<byte> output) =>
        output.Write(MemoryMarshal.AsBytes(((T[])values).AsSpan()));
}
