using System.Globalization;
using System.Text.RegularExpressions;
using Chaku.Model.Adapters;
using Chaku.Model.Families;
using Chaku.Model.Files;
using Chaku.Model.Licenses;

namespace Chaku.Model.Hub;

/// <summary>The kinds of files that hold weights.</summary>
internal enum WeightsKind
{
    /// <summary>A GGUF file.</summary>
    Gguf,

    /// <summary>A Hugging Face folder with safetensors, or, where there are none, PyTorch's files.</summary>
    Folder,
}

/// <summary>Which of a model's files are the model.</summary>
/// <param name="File">The one file that is named as the model; null where the folder is.</param>
/// <param name="Files">The files that belong to it, the shards of an index not among them.</param>
/// <param name="Index">The file that names the shards; null where there are none.</param>
internal sealed partial record ModelPick(string? File, IReadOnlyList<string> Files, string? Index = null)
{
    private const string UsualQuant = "Q4_K_M";
    private const string GgufEnding = ".gguf";

    private static readonly string[] AdapterNames = [PeftFolder.WeightsName, PeftFolder.PickleName];

    // What else a folder's reader looks at, and who else reads such folders.
    private static readonly string[] TextNames =
    [
        "generation_config.json", "tokenizer.json", "tokenizer.model", "tokenizer_config.json",
        "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "vocab.txt", "chat_template.jinja",
        "chat_template.json",
    ];

    /// <summary>Picks.</summary>
    /// <param name="reference">The model, and what the user says of the file.</param>
    /// <param name="files">Every file, and its length where it is known.</param>
    /// <param name="kind">The kind that the user wants; null takes GGUF where there is any.</param>
    /// <exception cref="HubException">
    /// There is none, or several that could be meant; the message names them.
    /// </exception>
    public static ModelPick From(
        HubReference reference, IReadOnlyDictionary<string, long?> files, WeightsKind? kind = null)
    {
        if (reference.File is { } file)
        {
            return Named(reference, file, files);
        }

        string[] ggufs = [.. files.Keys.Where(IsModelGguf).Order(StringComparer.Ordinal)];
        return kind != WeightsKind.Folder && (ggufs.Length > 0 || reference.Quant is not null || kind is not null)
            ? OfGguf(ChosenGguf(reference, ggufs, files), files)
            : OfFolder(reference.Name, files);
    }

    /// <summary>Whether a file is a GGUF model, and no projector of images or matrix of importance.</summary>
    public static bool IsModelGguf(string path)
    {
        string name = path[(path.LastIndexOf('/') + 1)..];
        return name.EndsWith(GgufEnding, StringComparison.OrdinalIgnoreCase)
            && !name.StartsWith("mmproj", StringComparison.OrdinalIgnoreCase)
            && !name.Contains("imatrix", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The files that a name means: the one whose path it is, else those whose paths end with it.</summary>
    public static IReadOnlyList<string> Matching(string name, IEnumerable<string> paths)
    {
        string[] ending = [.. paths.Where(path => path == name || path.EndsWith($"/{name}", StringComparison.Ordinal))];
        return ending.Contains(name) ? [name] : ending;
    }

    private static ModelPick Named(HubReference reference, string file, IReadOnlyDictionary<string, long?> files)
    {
        string[] named = [.. Matching(file, files.Keys)];
        return named switch
        {
            [var only] => OfGguf(Whole(reference.Name, only), files),
            [] => throw new HubException(
                $"{reference.Name} has no file {ModelFormatException.Quote(file)}; " + Choices(
                    [.. files.Keys.Where(IsModelGguf).Order(StringComparer.Ordinal)], files)),
            _ => throw new HubException($"{reference} is several files: {Choices(named, files)}"),
        };
    }

    private static string ChosenGguf(HubReference reference, string[] ggufs, IReadOnlyDictionary<string, long?> files)
    {
        string[] meant = [.. ggufs.Where(path => HasQuant(path, reference.Quant ?? UsualQuant))];
        string[] whole = [.. meant.Where(path => !SplitName().IsMatch(path))];
        return (reference.Quant, ggufs, meant, whole) switch
        {
            (_, _, _, [var only]) => only,
            (null, [var only], _, _) => Whole(reference.Name, only),
            (_, _, [var part, ..], []) => Whole(reference.Name, part),
            ({ } quant, _, [], _) => throw new HubException(
                $"{reference.Name} has no GGUF file for {quant}; {Choices(ggufs, files)}"),
            _ => throw new HubException(
                $"{reference.Name} has several GGUF files that could be meant; name one, as {reference.Name}/FILE or " +
                $"{reference.Name}:FORMAT; {Choices(meant.Length > 0 ? meant : ggufs, files)}"),
        };
    }

    private static string Whole(HubName name, string path) => SplitName().IsMatch(path)
        ? throw new HubException(
            $"{name}/{path} is one part of a GGUF file that was split, and Chaku does not read split files: take a " +
            "file that is whole, or join them first (llama-gguf-split --merge)")
        : path;

    /// <summary>Whether a name has the format in it as a word: Q4_K is not in the name of a file in Q4_K_M.</summary>
    public static bool HasQuant(string path, string quant)
    {
        for (int at = 0; (at = path.IndexOf(quant, at, StringComparison.OrdinalIgnoreCase)) >= 0; at++)
        {
            int end = at + quant.Length;
            if ((at == 0 || !IsWord(path[at - 1])) && (end == path.Length || !IsWord(path[end])))
            {
                return true;
            }
        }

        return false;

        static bool IsWord(char letter) => char.IsAsciiLetterOrDigit(letter) || letter == '_';
    }

    private static ModelPick OfGguf(string file, IReadOnlyDictionary<string, long?> files) =>
        new(file, [file, .. Cards(files).Where(card => card != file)]);

    private static ModelPick OfFolder(HubName name, IReadOnlyDictionary<string, long?> files)
    {
        foreach (string weights in files.ContainsKey(HuggingFaceConfig.FileName) ? TensorFolder.WeightsNames : [])
        {
            if (files.ContainsKey(weights))
            {
                return new ModelPick(null, [weights, .. Around(files)]);
            }

            string index = weights + TensorFolder.IndexSuffix;
            if (files.ContainsKey(index))
            {
                return new ModelPick(null, [index, .. Around(files)], index);
            }
        }

        return files.ContainsKey(PeftFolder.ConfigName) && AdapterNames.FirstOrDefault(files.ContainsKey) is { } adapter
            ? new ModelPick(
                null, [adapter, PeftFolder.ConfigName, .. TextNames.Where(files.ContainsKey), .. Cards(files)])
            : throw new HubException(
                $"{name} has no model that Chaku reads: no GGUF file, no {HuggingFaceConfig.FileName} with " +
                $"{string.Join(" or ", TensorFolder.WeightsNames)}, and no {PeftFolder.ConfigName} with " +
                AdapterNames[0]);
    }

    private static IEnumerable<string> Around(IReadOnlyDictionary<string, long?> files) =>
        [HuggingFaceConfig.FileName, .. TextNames.Where(files.ContainsKey), .. Cards(files)];

    private static IEnumerable<string> Cards(IReadOnlyDictionary<string, long?> files) => files.Keys
        .Where(path => !path.Contains('/') && (StatedLicense.IsCard(path) || IsNotice(path)))
        .Order(StringComparer.Ordinal);

    private static bool IsNotice(string path) =>
        Path.GetFileNameWithoutExtension(path) is "NOTICE" or "Notice" or "USE_POLICY" or "LICENSE" or "LICENCE";

    private static string Choices(string[] paths, IReadOnlyDictionary<string, long?> files)
    {
        const int most = 40;
        IEnumerable<string> described = paths.Take(most).Select(path =>
            ModelFormatException.Escape(path) + (files[path] is { } length
                ? string.Create(CultureInfo.InvariantCulture, $" ({ByteText.Of(length)})")
                : ""));
        return paths.Length == 0
            ? "it has no GGUF files"
            : $"it has {string.Join(", ", described)}"
                + (paths.Length > most ? $" and {paths.Length - most} more" : "");
    }

    [GeneratedRegex(@"-\d{5}-of-\d{5}\.gguf$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex SplitName();
}
