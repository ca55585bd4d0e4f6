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

    /// <summary>The model's terms; keys that begin with it say more of them.</summary>
    public const string License = "general.license";

    /// <summary>What the terms are called, where there is no identifier for them.</summary>
    public const string LicenseName = "general.license.name";

    /// <summary>Where the terms are to be read.</summary>
    public const string LicenseLink = "general.license.link";

    /// <summary>The kind of tokenizer; a file without it has no vocabulary.</summary>
    public const string TokenizerModel = "tokenizer.ggml.model";
}
