using System.Runtime.CompilerServices;

namespace Chaku.Kernels.Formats;

// Fields of blocks: arrays of a fixed length that lie in their struct.
[InlineArray(12)]
internal struct Bytes12
{
    private byte _first;
}

[InlineArray(16)]
internal struct Bytes16
{
    private byte _first;
}

[InlineArray(16)]
internal struct SignedBytes16
{
    private sbyte _first;
}

[InlineArray(32)]
internal struct Bytes32
{
    private byte _first;
}

[InlineArray(64)]
internal struct Bytes64
{
    private byte _first;
}

[InlineArray(128)]
internal struct Bytes128
{
    private byte _first;
}
