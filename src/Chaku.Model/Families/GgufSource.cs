using Chaku.Model.Adapters;
using Chaku.Model.Decoding;
using Chaku.Model.Files;
using Chaku.Model.Hub;
using Chaku.Model.Licenses;
using Chaku.Model.Tokenizers;

namespace Chaku.Model.Families;

/// <summary>A model in a GGUF file.</summary>
internal sealed class GgufSource : ModelSource
{
    private readonly GgufFile _file;

    private GgufSource(GgufFile file)
    {
        _file = file;
        if (GgufAdapter.IsIn(file))
        {
            throw new ModelFormatException(file.Path, 0, "a model", "an adapter, which stands behind --adapter");
        }

        Family = ModelFamilies.OfGguf(file.Metadata);
        Settings = new ModelSettings(
            file.Metadata, new GgufDialect(file.Metadata[ModelFamilies.ArchitectureKey].AsString()));
        Weights = new GgufWeights(file);
    }

    /// <summary>The file.</summary>
    public GgufFile File => _file;

    /// <inheritdoc/>
    public override string Path => _file.Path;

    /// <inheritdoc/>
    public override ModelFamily Family { get; }

    /// <inheritdoc/>
    public override string? Name => Text("general.name") is { Length: > 0 } name ? name : null;

    /// <inheritdoc/>
    public override string? ChatTemplate => Text("tokenizer.chat_template");

    /// <inheritdoc/>
    public override StatedLicense? License => LicenseOf(_file);

    /// <inheritdoc/>
    public override ModelContent Content => _file.Content;

    /// <inheritdoc/>
    public override long CopiedByteLength => 0;

    /// <inheritdoc/>
    public override ModelSettings Settings { get; }

    /// <inheritdoc/>
    protected override WeightSource Weights { get; }

    /// <summary>Opens a file.</summary>
    public static new GgufSource Open(string path)
    {
        GgufFile file = GgufFile.Open(path);
        try
        {
            return new GgufSource(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override Tokenizer CreateTokenizer() => Tokenizer.FromGguf(_file);

    /// <inheritdoc/>
    public override int StoredRow(DecoderConfig config, string tensor, int row) =>
        Family.GgufRow(config, tensor, row);

    /// <inheritdoc/>
    public override void Dispose() => _file.Dispose();

    /// <summary>
    /// What a file states, else the card that was pulled with it; null where nothing says so. A card beside a file in
    /// another folder may be of something else.
    /// </summary>
    public static StatedLicense? LicenseOf(GgufFile file) => StatedLicense.OfFields(
        Text(file, GgufKeys.License),
        Text(file, GgufKeys.LicenseName),
        Text(file, GgufKeys.LicenseLink),
        "the model's metadata")
        ?? (HubCache.SnapshotAround(file.Path) is { } snapshot ? StatedLicense.InFolder(snapshot) : null);

    private string? Text(string key) => Text(_file, key);

    private static string? Text(GgufFile file, string key) =>
        file.Metadata.TryGetString(key, out string? text) ? text : null;
}
