using System.Text.Json;
using Chaku.Model.Files;
using Chaku.Model.Licenses;

namespace Chaku.Model.Hub;

/// <summary>A file as the Hub lists it.</summary>
/// <param name="Path">Its path; not checked.</param>
/// <param name="ByteLength">Its length; null where the list does not say.</param>
/// <param name="Digest">What it hashes to; null where the list does not say.</param>
internal sealed record ListedFile(string Path, long? ByteLength, FileDigest? Digest);

/// <summary>A file that can be fetched and checked.</summary>
/// <param name="Path">Its path in the snapshot, checked.</param>
/// <param name="ByteLength">Its length.</param>
/// <param name="Digest">What it hashes to.</param>
internal sealed record HubFile(string Path, long ByteLength, FileDigest Digest);

/// <summary>What the Hub says of a model at one commit.</summary>
/// <param name="Commit">The commit, 40 hexadecimal digits.</param>
/// <param name="IsGated">Whether terms must be accepted before files are given out.</param>
/// <param name="License">What its card states; null where it states nothing.</param>
/// <param name="Files">Its files, each path once.</param>
/// <remarks>Fields: <c>ModelInfo</c> in <c>hf_api.py</c> of huggingface_hub.</remarks>
internal sealed record HubListing(
    string Commit, bool IsGated, StatedLicense? License, IReadOnlyList<ListedFile> Files)
{
    private const long LargestFile = 1L << 50;
    private const int MostFiles = 100_000;
    private const int MaximumDepth = 64;
    private const string LicenseTag = "license:";

    /// <summary>Reads the Hub's answer.</summary>
    /// <param name="source">Where it comes from, for messages.</param>
    /// <param name="answer">JSON in UTF-8.</param>
    /// <exception cref="ModelFormatException">It is something else.</exception>
    public static HubListing Parse(string source, byte[] answer)
    {
        using JsonFile json = JsonFile.Parse(source, answer, MaximumDepth);
        JsonField commit = json.Root["sha"];
        FileDigest? digest = FileDigest.TryParse(commit.AsText());
        return new HubListing(
            digest is { IsGit: true } ? digest.Hex : throw commit.Wrong("a commit of 40 hexadecimal digits"),
            json.Root.Find("gated") is { Kind: not JsonValueKind.False },
            LicenseIn(json.Root),
            ReadFiles(json.Root["siblings"]));
    }

    private static List<ListedFile> ReadFiles(JsonField siblings)
    {
        List<ListedFile> files = [];
        HashSet<string> paths = new(StringComparer.Ordinal);
        foreach (JsonField sibling in siblings.Items())
        {
            JsonField? lfs = sibling.Find("lfs");
            string path = sibling["rfilename"].AsText();
            if (!paths.Add(path) || paths.Count > MostFiles)
            {
                throw sibling.Wrong($"at most {MostFiles} files, each once");
            }

            files.Add(new ListedFile(
                path,
                LengthOf(lfs?.Find("size") ?? sibling.Find("size")),
                FileDigest.TryParse(lfs is null ? sibling.FindText("blobId") : lfs.Value.FindText("sha256"))));
        }

        return files;
    }

    private static long? LengthOf(JsonField? field) => field switch
    {
        null => null,
        { Kind: JsonValueKind.Number } size
            when size.Value.TryGetInt64(out long length) && length is >= 0 and <= LargestFile => length,
        { } size => throw size.Wrong($"a length of at most {LargestFile} bytes"),
    };

    // The card is its author's: what is no text there is as if it were not there.
    private static StatedLicense? LicenseIn(JsonField root)
    {
        JsonField? card = root.Find("cardData") is { Kind: JsonValueKind.Object } found ? found : null;
        string? tag = Texts(root.Find("tags"))
            .FirstOrDefault(text => text.StartsWith(LicenseTag, StringComparison.Ordinal))?[LicenseTag.Length..];
        return StatedLicense.OfFields(
            string.Join(", ", Texts(card?.Find("license"))) is { Length: > 0 } stated ? stated : tag,
            Texts(card?.Find("license_name")).FirstOrDefault(),
            Texts(card?.Find("license_link")).FirstOrDefault(),
            "the model's card");
    }

    private static IEnumerable<string> Texts(JsonField? field) => field switch
    {
        { Kind: JsonValueKind.String } text => [text.AsText()],
        { Kind: JsonValueKind.Array } list =>
            [.. list.Items().Where(item => item.Kind == JsonValueKind.String).Select(item => item.AsText())],
        _ => [],
    };
}
