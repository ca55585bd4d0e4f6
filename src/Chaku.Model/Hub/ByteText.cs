using System.Globalization;

namespace Chaku.Model.Hub;

/// <summary>Lengths of files as people read them.</summary>
internal static class ByteText
{
    private static readonly string[] Units = ["bytes", "kB", "MB", "GB", "TB", "PB"];

    /// <summary>A length in powers of 1000 with three digits or more: <c>4.08 GB</c>.</summary>
    public static string Of(long byteLength)
    {
        double number = byteLength;
        int unit = 0;
        while (number >= 999.5 && unit < Units.Length - 1)
        {
            number /= 1000;
            unit++;
        }

        string format = unit == 0 || number >= 99.95 ? "0" : number >= 9.995 ? "0.0" : "0.00";
        return $"{number.ToString(format, CultureInfo.InvariantCulture)} {Units[unit]}";
    }
}
