namespace Chaku.Model.Hub;

/// <summary>The name of a model on the Hub.</summary>
/// <param name="Owner">Whose it is; null for a few old names that have no owner.</param>
/// <param name="Name">What it is called.</param>
/// <remarks>Rules: <c>validate_repo_id</c> and <c>repo_folder_name</c> of huggingface_hub.</remarks>
internal sealed record HubName(string? Owner, string Name)
{
    private const string FolderPrefix = "models--";
    private const int LongestName = 96;

    // What a file system takes.
    private const int LongestFolderName = 255;

    /// <summary><c>OWNER/NAME</c>, or <c>NAME</c> for one without an owner.</summary>
    public string Id => Owner is null ? Name : $"{Owner}/{Name}";

    /// <summary>The name of its folder in the cache.</summary>
    public string FolderName => FolderPrefix + Id.Replace("/", "--", StringComparison.Ordinal);

    /// <summary>Reads <c>OWNER/NAME</c> or <c>NAME</c>; null where it is neither.</summary>
    public static HubName? TryParse(string text)
    {
        HubName? name = text.Split('/') switch
        {
            [var only] when IsPart(only) => new HubName(null, only),
            [var owner, var own] when IsPart(owner) && IsPart(own) => new HubName(owner, own),
            _ => null,
        };
        return name is { Name.Length: <= LongestName, FolderName.Length: <= LongestFolderName } ? name : null;
    }

    /// <summary>The model whose folder in the cache has this name; null where it is none of a model.</summary>
    public static HubName? OfFolder(string folderName) => folderName.StartsWith(FolderPrefix, StringComparison.Ordinal)
        ? TryParse(folderName[FolderPrefix.Length..].Replace("--", "/", StringComparison.Ordinal))
        : null;

    /// <inheritdoc/>
    public override string ToString() => Id;

    private static bool IsPart(string part) =>
        part.Length > 0
        && part.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.')
        && part[0] is not ('-' or '.')
        && part[^1] is not ('-' or '.')
        && !part.Contains("--", StringComparison.Ordinal)
        && !part.Contains("..", StringComparison.Ordinal)
        && !part.EndsWith(".git", StringComparison.Ordinal);
}
