using Chaku.Cli.Own;

namespace Chaku.Cli.Options;

/// <summary>What a command line may name as a model.</summary>
internal static class ModelPath
{
    /// <summary>How an argument that names a model is described.</summary>
    public const string Description =
        "The model: a GGUF file, a Hugging Face folder, or chaku-tiny, which the program carries.";

    /// <summary>
    /// The path of the file or folder; the model that the program carries, where nothing has its name.
    /// </summary>
    public static string Resolve(string named) =>
        named == OwnModel.Name && !Path.Exists(named) ? OwnModel.File.Unpack() : named;
}
