using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using Chaku.Model;
using Chaku.Training.Datasets;

namespace Chaku.Training.Runs;

/// <summary>
/// Everything that determines the bytes that a run writes, as names and values for people. Two runs with the same one
/// write the same bytes; the number of threads is no part of it.
/// </summary>
/// <param name="parts">Names and values, each name once.</param>
internal sealed class RunIdentity(IReadOnlyList<KeyValuePair<string, string>> parts)
{
    private const string OptionPrefix = "--";
    private const string ProcessorName = "processor";
    private const string Separator = "; ";
    private const int MostNamed = 4;
    private const int ShownHashLength = 12;

    /// <summary>Names and values.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Parts => parts;

    /// <summary>The options that it was asked for with, or their defaults, by name.</summary>
    public IReadOnlyDictionary<string, string> Options { get; } = parts
        .Where(part => part.Key.StartsWith(OptionPrefix, StringComparison.Ordinal))
        .ToDictionary(part => part.Key[OptionPrefix.Length..], part => part.Value, StringComparer.Ordinal);

    /// <summary>
    /// The same run on this processor: kernels of another level of its instruction set round differently, so that what
    /// was begun with one cannot go on with another to the same bytes.
    /// </summary>
    public RunIdentity OnThisProcessor()
    {
        string level = Vector256.IsHardwareAccelerated ? "avx2" : Vector128.IsHardwareAccelerated ? "vector" : "scalar";
        string architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        return new RunIdentity([.. parts, new(ProcessorName, $"{architecture} {level}")]);
    }

    /// <summary>What another run has otherwise, in a few words; null where it is the same.</summary>
    /// <param name="earlier">The run whose file is there.</param>
    public string? DifferenceFrom(RunIdentity earlier)
    {
        Dictionary<string, string> before = new(earlier.Parts, StringComparer.Ordinal);
        Dictionary<string, string> now = new(parts, StringComparer.Ordinal);
        string[] differences =
        [
            .. parts.Concat(earlier.Parts).Select(part => part.Key).Distinct(StringComparer.Ordinal)
                .Where(name => before.GetValueOrDefault(name) != now.GetValueOrDefault(name))
                .Select(name => $"{name} was {Shown(before, name)} and is {Shown(now, name)}"),
        ];
        return differences.Length switch
        {
            0 => null,
            <= MostNamed => string.Join(", ", differences),
            _ => string.Join(", ", differences[..MostNamed]) + $", and {differences.Length - MostNamed} more differ",
        };
    }

    /// <summary>One line, the same for the same run: <c>name=value; name=value</c>.</summary>
    public string ToText() => string.Join(Separator, parts.Select(part => $"{part.Key}={Escape(part.Value)}"));

    /// <summary>Reads what <see cref="ToText"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is something else.</exception>
    public static RunIdentity Parse(string text)
    {
        List<KeyValuePair<string, string>> found = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (string part in text.Split(Separator))
        {
            int end = part.IndexOf('=', StringComparison.Ordinal);
            if (end < 1 || !names.Add(part[..end]))
            {
                throw new InvalidDataException(
                    "expected name=value in the run's identity, every name once, found " +
                    ModelFormatException.Quote(part));
            }

            found.Add(new(part[..end], Uri.UnescapeDataString(part[(end + 1)..])));
        }

        return new RunIdentity(found);
    }

    /// <summary>SHA-256 over tokens and masks of sequences, in their order.</summary>
    public static string HashOf(TrainingSet set)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (TrainingSequence sequence in set.Sequences)
        {
            hash.AppendData(BitConverter.GetBytes(sequence.Tokens.Length));
            hash.AppendData(MemoryMarshal.AsBytes<int>(sequence.Tokens));
            hash.AppendData(MemoryMarshal.AsBytes<bool>(sequence.Trained));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    // A value may be a stranger's name for a model.
    private static string Escape(string value) => string.Concat(value.Select(letter =>
        letter is '%' or ';' || char.IsControl(letter) ? Uri.EscapeDataString($"{letter}") : $"{letter}"));

    private static string Shown(Dictionary<string, string> values, string name)
    {
        if (!values.TryGetValue(name, out string? value))
        {
            return "not stated";
        }

        bool isHash = value.Length == 2 * SHA256.HashSizeInBytes && value.All(char.IsAsciiHexDigitLower);
        return isHash ? value[..ShownHashLength] + "…" : ModelFormatException.Quote(value).Trim('\'');
    }
}
