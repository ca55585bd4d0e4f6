using System.Security.Cryptography;
using System.Text;
using Chaku.Training.Datasets.Containers;

namespace Chaku.Training.Datasets;

/// <summary>What identifies a data set.</summary>
internal static class DatasetHash
{
    /// <summary>
    /// SHA-256 in small hexadecimal digits: of a file its bytes; of a folder of texts the lines that <c>sha256sum</c>
    /// prints of its texts, in the order of their paths (a hash, two spaces, the path inside the folder).
    /// </summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static string Compute(string path)
    {
        if (!Directory.Exists(path))
        {
            return OfFile(path);
        }

        StringBuilder lines = new();
        foreach (string file in PlainFolder.Files(path))
        {
            lines.Append(OfFile(file)).Append("  ").Append(PlainFolder.Relative(path, file)).Append('\n');
        }

        return Convert.ToHexStringLower(
            SHA256.HashData(Encoding.UTF8.GetBytes(lines.ToString())));
    }

    private static string OfFile(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
