namespace Chaku.Model.Files;

/// <summary>Keys that every GGUF file of a model may have, whatever its architecture.</summary>
/// <remarks>Source: the GGUF specification in ggml, <c>docs/gguf.md</c>.</remarks>
internal static class GgufKeys
{
    /// <summary>The number of what most matrices are stored as.</summary>
    public const string FileType = "general.file_type";

    /// <summary>The version of the quantised formats' blocks.</summary>
    public const string QuantisationVersion = "general.quantization_version";

    /// <summary>The value of <see cref="QuantisationVersion"/> that all formats have today.</summary>
    public const uint NewestQuantisation = 2;

    /// <summary>The identifier of the model's terms; keys that begin with it say more of them.</summary>
    public const string License = "general.license";

    /// <summary>The name of terms that have no identifier.</summary>
    public const string LicenseName = License + ".name";

    /// <summary>Where the terms are to be read.</summary>
    public const string LicenseLink = License + ".link";

    /// <summary>Where what was converted is from.</summary>
    public const string SourceRepository = "general.source.repo_url";

    /// <summary>How many models it was made from are named.</summary>
    public const string BaseModelCount = "general.base_model.count";

    /// <summary>What keys of the first of them begin with.</summary>
    public const string BaseModel = "general.base_model.0.";

    /// <summary>The kind of tokenizer; a file without it has no vocabulary.</summary>
    public const string TokenizerModel = "tokenizer.ggml.model";
}
