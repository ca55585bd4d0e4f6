using System.Collections.Frozen;
using System.Globalization;

namespace Chaku.Model.Tokenizers.HuggingFace.Normalisers;

/// <summary>Which characters are made of which, and in what order marks stand.</summary>
/// <remarks>Source: <c>UnicodeNormalisation.txt</c> beside this file, which says where it is from.</remarks>
internal sealed class UnicodeNormalisationTable
{
    /// <summary>The smallest character that any form changes.</summary>
    public const int FirstValue = 0xA0;

    private static readonly Lazy<UnicodeNormalisationTable> Loaded = new(static () => new UnicodeNormalisationTable());

    private readonly FrozenDictionary<int, int[]> _canonical;
    private readonly FrozenDictionary<int, int[]> _compatible;
    private readonly FrozenDictionary<int, byte> _classes;
    private readonly FrozenDictionary<long, int> _compositions;
    private readonly FrozenSet<int>[] _changing;

    private UnicodeNormalisationTable()
    {
        Dictionary<int, int[]> canonical = [];
        Dictionary<int, int[]> compatible = [];
        Dictionary<int, byte> classes = [];
        HashSet<int> excluded = [];
        using StreamReader reader = new(typeof(UnicodeNormalisationTable).Assembly
            .GetManifestResourceStream("UnicodeNormalisation.txt")!);
        for (string? line; (line = reader.ReadLine()) is not null;)
        {
            ReadLine(line, canonical, compatible, classes, excluded);
        }

        _canonical = canonical.ToFrozenDictionary();
        _compatible = compatible.ToFrozenDictionary();
        _classes = classes.ToFrozenDictionary();
        _compositions = canonical
            .Where(entry => entry.Value.Length == 2 && !excluded.Contains(entry.Key)
                && !classes.ContainsKey(entry.Key) && !classes.ContainsKey(entry.Value[0]))
            .ToFrozenDictionary(static entry => Pair(entry.Value[0], entry.Value[1]), static entry => entry.Key);
        _changing = [.. Enumerable.Range(0, 4).Select(form => FindChanging((UnicodeForm)form))];
    }

    /// <summary>The tables; read when first asked for.</summary>
    public static UnicodeNormalisationTable Instance => Loaded.Value;

    /// <summary>Whether a text with this character may change; Hangul apart, which is arithmetic.</summary>
    public bool MayChange(int letter, UnicodeForm form) => _changing[(int)form].Contains(letter);

    /// <summary>What the character is made of, one step deep; null where of nothing else.</summary>
    public int[]? DecompositionOf(int letter, bool compatibly) =>
        _canonical.TryGetValue(letter, out int[]? parts) || (compatibly && _compatible.TryGetValue(letter, out parts))
            ? parts
            : null;

    /// <summary>The character that two make, or null.</summary>
    public int? CompositionOf(int left, int right) =>
        _compositions.TryGetValue(Pair(left, right), out int letter) ? letter : null;

    /// <summary>The canonical combining class; 0 for what begins a cluster.</summary>
    public byte ClassOf(int letter) => letter < 0x300 ? (byte)0 : _classes.GetValueOrDefault(letter);

    private static long Pair(int left, int right) => ((long)left << 32) | (uint)right;

    private static void ReadLine(
        string line,
        Dictionary<int, int[]> canonical,
        Dictionary<int, int[]> compatible,
        Dictionary<int, byte> classes,
        HashSet<int> excluded)
    {
        int mark = line.AsSpan().IndexOfAny('=', '~', ':');
        if (line[0] == '#')
        {
            return;
        }

        int letter = ParseHex(line.AsSpan(0, mark));
        string value = line[(mark + 1)..];
        switch (line[mark])
        {
            case ':':
                classes.Add(letter, byte.Parse(value, CultureInfo.InvariantCulture));
                break;
            case '~':
                compatible.Add(letter, ParseLetters(value));
                break;
            default:
                canonical.Add(letter, ParseLetters(value.TrimEnd('!')));
                _ = value.EndsWith('!') && excluded.Add(letter);
                break;
        }
    }

    private static int[] ParseLetters(string value) =>
        [.. value.Split(' ').Select(static letter => ParseHex(letter))];

    private static int ParseHex(ReadOnlySpan<char> digits) =>
        int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private FrozenSet<int> FindChanging(UnicodeForm form)
    {
        // Marks may have to change places in every form.
        HashSet<int> changing = [.. _classes.Keys];
        if (form.HasFlag(UnicodeForm.CompatibilityDecomposed))
        {
            changing.UnionWith(_compatible.Keys);
        }

        if (form.HasFlag(UnicodeForm.Composed))
        {
            HashSet<int> stable = [.. _compositions.Values];
            changing.UnionWith(_canonical.Keys.Where(letter => !stable.Contains(letter)));
            changing.UnionWith(_compositions.Keys.Select(static pair => (int)pair));
            if (form.HasFlag(UnicodeForm.CompatibilityDecomposed))
            {
                // What is composed of a compatibility character is not what it was once that has been taken apart.
                changing.UnionWith(stable.Where(letter => IsMadeOfCompatible(letter)));
            }
        }
        else
        {
            changing.UnionWith(_canonical.Keys);
        }

        return changing.ToFrozenSet();
    }

    private bool IsMadeOfCompatible(int letter) => _compatible.ContainsKey(letter)
        || (_canonical.TryGetValue(letter, out int[]? parts) && parts.Any(IsMadeOfCompatible));
}
