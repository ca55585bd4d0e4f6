using Chaku.Kernels.Formats;

namespace Chaku.Model.Files;

/// <summary>The types of whole bytes that a file's elements may have, as safetensors spells them.</summary>
internal static class ElementTypes
{
    // Types that are listed though not read; a type that is not here has an unknown size.
    private static readonly Dictionary<string, int> ListedByteLengths = new(StringComparer.Ordinal)
    {
        ["BOOL"] = 1,
        ["U8"] = 1,
        ["I8"] = 1,
        ["F8_E4M3"] = 1,
        ["F8_E5M2"] = 1,
        ["U16"] = 2,
        ["I16"] = 2,
        ["U32"] = 4,
        ["I32"] = 4,
        ["U64"] = 8,
        ["I64"] = 8,
        ["F64"] = 8,
        ["C64"] = 8,
        ["C128"] = 16,
    };

    /// <summary>The types that can be read as weights.</summary>
    public static IEnumerable<string> Readable =>
        TensorFormats.All.Where(format => format.BlockLength == 1).Select(format => format.Name);

    /// <summary>How elements of a type are stored; null where they cannot be read as weights.</summary>
    public static TensorFormat? FormatOf(string dataType) =>
        TensorFormats.FromName(dataType) is { BlockLength: 1 } format ? format : null;

    /// <summary>Bytes in an element; 0 where the type is not known.</summary>
    public static int ByteLength(string dataType) =>
        FormatOf(dataType)?.BlockByteLength ?? ListedByteLengths.GetValueOrDefault(dataType);
}
