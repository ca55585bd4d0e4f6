using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>
/// The activations of one or eight tokens as panels read them. A block of it holds, for each token in turn: scales,
/// then each int32 of sums, then each group of 4 codes.
/// </summary>
internal static class ActivationTile<TActivation>
    where TActivation : unmanaged, IActivationBlock<TActivation>
{
    /// <summary>Bytes before the sums of a block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nuint SumsAt(int tokenCount) => (nuint)tokenCount * sizeof(float);

    /// <summary>Bytes before the codes of a block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nuint CodesAt(int tokenCount) => (nuint)(tokenCount * (1 + TActivation.TileSumCount) * sizeof(int));

    /// <summary>Bytes of a block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nuint BlockByteLength(int tokenCount) =>
        CodesAt(tokenCount) + (nuint)(tokenCount * TActivation.Length);

    /// <summary>Packs one token.</summary>
    /// <param name="row">Its blocks.</param>
    /// <param name="firstBlock">The first block that is packed.</param>
    /// <param name="blockCount">How many are.</param>
    /// <param name="tile">[blocks × <see cref="BlockByteLength"/>].</param>
    public static void PackOne(ReadOnlySpan<TActivation> row, int firstBlock, int blockCount, Span<byte> tile)
    {
        int length = (int)BlockByteLength(1);
        for (int block = firstBlock; block < firstBlock + blockCount; block++)
        {
            Span<byte> target = tile.Slice(block * length, length);
            MemoryMarshal.Write(target, TActivation.GetScale(in row[block]));
            TActivation.WriteTileSums(
                in row[block], MemoryMarshal.Cast<byte, int>(target[(int)SumsAt(1)..(int)CodesAt(1)]));
            MemoryMarshal.AsBytes(TActivation.GetCodes(in row[block])).CopyTo(target[(int)CodesAt(1)..]);
        }
    }

    /// <summary>Packs eight tokens.</summary>
    /// <param name="rows">Their blocks, row by row.</param>
    /// <param name="firstBlock">The first block that is packed, of each row.</param>
    /// <param name="blockCount">How many are.</param>
    /// <param name="tile">[blocks of a row × <see cref="BlockByteLength"/>].</param>
    public static void PackEight(ReadOnlySpan<TActivation> rows, int firstBlock, int blockCount, Span<byte> tile)
    {
        const int Tokens = PanelKernel.TileTokens;
        int rowLength = rows.Length / Tokens;
        int length = (int)BlockByteLength(Tokens);
        nuint stride = (nuint)rowLength * (nuint)Unsafe.SizeOf<TActivation>();
        Span<int> sums = stackalloc int[TActivation.TileSumCount];
        for (int block = firstBlock; block < firstBlock + blockCount; block++)
        {
            Span<byte> target = tile.Slice(block * length, length);
            Span<float> scales = MemoryMarshal.Cast<byte, float>(target[..(int)SumsAt(Tokens)]);
            Span<int> tileSums = MemoryMarshal.Cast<byte, int>(target[(int)SumsAt(Tokens)..(int)CodesAt(Tokens)]);
            for (int token = 0; token < Tokens; token++)
            {
                ref readonly TActivation source = ref rows[(token * rowLength) + block];
                scales[token] = TActivation.GetScale(in source);
                TActivation.WriteTileSums(in source, sums);
                for (int i = 0; i < sums.Length; i++)
                {
                    tileSums[(i * Tokens) + token] = sums[i];
                }
            }

            ref readonly sbyte codes = ref MemoryMarshal.GetReference(TActivation.GetCodes(in rows[block]));
            ref byte first = ref Unsafe.As<sbyte, byte>(ref Unsafe.AsRef(in codes));
            Interleaving.Bytes(in first, stride, TActivation.Length, ref target[(int)CodesAt(Tokens)]);
        }
    }
}
