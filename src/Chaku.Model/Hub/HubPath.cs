using System.Buffers;
using System.Text;

namespace Chaku.Model.Hub;

/// <summary>Checks names of files that a server lists: they become names on this disk, on any system.</summary>
internal static class HubPath
{
    private const int LongestPart = 255;
    private const int MostParts = 32;

    private static readonly SearchValues<char> Forbidden = SearchValues.Create("\\:*?\"<>|");

    private static readonly string[] Devices =
    [
        "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$",
        .. Enumerable.Range(0, 10).SelectMany(i => (string[])[$"COM{i}", $"LPT{i}"]),
        "COM¹", "COM²", "COM³", "LPT¹", "LPT²", "LPT³",
    ];

    /// <summary>What is wrong with a path relative to a snapshot; null where nothing is.</summary>
    /// <remarks>Reserved names: learn.microsoft.com/windows/win32/fileio/naming-a-file.</remarks>
    public static string? Fault(string path)
    {
        string[] parts = path.Split('/');
        return parts.Length > MostParts
            ? $"it has more than {MostParts} parts"
            : parts.Select(FaultOfPart).FirstOrDefault(fault => fault is not null);
    }

    /// <summary>The path, checked.</summary>
    /// <exception cref="HubException">It would lead elsewhere, or cannot be a name on some system.</exception>
    public static string Check(string path) => Fault(path) is { } fault
        ? throw new HubException(
            $"the Hub lists a file named {ModelFormatException.Quote(path)}, which is refused: {fault}")
        : path;

    private static string? FaultOfPart(string part) => part switch
    {
        "" => "it has an empty part, or begins at the root",
        "." or ".." => "it leads out of its folder",
        _ when Encoding.UTF8.GetByteCount(part) > LongestPart => $"a part is longer than {LongestPart} bytes",
        _ when part.Any(char.IsControl) => "it has control characters",
        _ when part.EnumerateRunes().Any(rune => rune == Rune.ReplacementChar) => "it is no Unicode",
        _ when part.AsSpan().ContainsAny(Forbidden) => "it has a character that no name on Windows can have",
        _ when part[^1] is '.' or ' ' => "it ends with a full stop or a space",
        _ when Devices.Contains(part.Split('.')[0].TrimEnd(), StringComparer.OrdinalIgnoreCase) =>
            "it is a device's name on Windows",
        _ => null,
    };
}
