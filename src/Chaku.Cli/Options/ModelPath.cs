using Chaku.Cli.Own;
using Chaku.Model.Hub;

namespace Chaku.Cli.Options;

/// <summary>What a command line may name as a model.</summary>
internal static class ModelPath
{
    /// <summary>How an argument that names a model is described.</summary>
    public const string Description =
        "The model: a GGUF file, a Hugging Face folder, OWNER/NAME[/FILE] that chaku pull has fetched, or " +
        "chaku-tiny, which the program carries.";

    /// <summary>
    /// The path of the file or folder; where nothing has its name, that of the model that the program carries, or of
    /// one in the Hub's cache. No connection is opened for it.
    /// </summary>
    /// <exception cref="HubException">It is in the cache, but which of its files is meant cannot be told.</exception>
    /// <exception cref="FileNotFoundException">It could be a model of the Hub, and is not in the cache.</exception>
    public static string Resolve(string named)
    {
        if (Path.Exists(named))
        {
            return named;
        }

        if (named == OwnModel.Name)
        {
            return OwnModel.File.Unpack();
        }

        if (HubReference.TryParse(named) is not { } reference)
        {
            return named;
        }

        string path = CachedModel.Find(HubCache.ForUser(), reference) ?? throw new FileNotFoundException(
            $"{named}: there is no such file, and no model of that name has been pulled (chaku pull {named})");
        NoteUse(path);
        return path;
    }

    // Many systems keep the time of the last reading for a day only, or not at all.
    private static void NoteUse(string path)
    {
        try
        {
            string target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
            File.SetLastAccessTimeUtc(target, DateTime.UtcNow);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A cache that others own is read all the same; its list is less exact.
            return;
        }
    }
}
