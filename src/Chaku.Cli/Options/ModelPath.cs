using Chaku.Cli.Own;
using Chaku.Model.Hub;

namespace Chaku.Cli.Options;

/// <summary>What a command line may name as a model.</summary>
internal static class ModelPath
{
    /// <summary>How an argument that names a model is described.</summary>
    public const string Description =
        "The model: a GGUF file, a Hugging Face folder, one that chaku pull has fetched (" + HubReference.Form +
        "), or chaku-tiny, which the program carries.";

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

        // A word alone is more likely a file's name than a model's that has no owner.
        HubCache cache = HubCache.ForUser();
        if (HubReference.TryParse(named, cache) is not { } reference
            || (reference.Name.Owner is null && !cache.HasModel(reference.Name)))
        {
            return named;
        }

        string path = CachedModel.Find(cache, reference) ?? throw new FileNotFoundException(
            $"{named}: there is no such file, and no model of that name has been pulled (chaku pull {named})");
        CachedModel.NoteUse(path);
        return path;
    }
}
