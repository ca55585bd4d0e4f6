using Chaku.Model.Decoding;
using Chaku.Model.Files;
using Chaku.Model.Hub;
using Chaku.Model.Licenses;
using Chaku.Model.Tokenizers;
using Chaku.Model.Tokenizers.HuggingFace;

namespace Chaku.Model.Families;

/// <summary>
/// A model in a Hugging Face folder: <c>config.json</c>, weights in one file or several, a tokenizer or none.
/// </summary>
internal sealed class HuggingFaceSource : ModelSource
{
    private readonly TensorFolder _folder;
    private readonly HuggingFaceWeights _weights;
    private readonly Lazy<TokenizerFolder> _text;

    private HuggingFaceSource(string path, Metadata config, TensorFolder folder)
    {
        Path = path;
        _folder = folder;
        Family = ModelFamilies.OfHuggingFace(config);
        Settings = new ModelSettings(config, new HuggingFaceDialect());
        _weights = new HuggingFaceWeights(folder, Family);
        _text = new Lazy<TokenizerFolder>(() => TokenizerFolder.Open(path, TokenCount()));
    }

    /// <inheritdoc/>
    public override string Path { get; }

    /// <inheritdoc/>
    public override ModelFamily Family { get; }

    /// <inheritdoc/>
    public override string? Name => HubCache.NameOf(Path)?.Id
        ?? System.IO.Path.GetFileName(System.IO.Path.GetFullPath(Path).TrimEnd('/', '\\'));

    /// <inheritdoc/>
    public override string? ChatTemplate => _text.Value.ChatTemplate;

    /// <inheritdoc/>
    public override StatedLicense? License => StatedLicense.InFolder(Path);

    /// <inheritdoc/>
    public override ModelContent Content => _folder.Content;

    /// <inheritdoc/>
    public override long CopiedByteLength => _weights.CopiedByteLength;

    /// <inheritdoc/>
    protected override ModelSettings Settings { get; }

    /// <inheritdoc/>
    protected override WeightSource Weights => _weights;

    /// <summary>Opens a folder.</summary>
    public static new HuggingFaceSource Open(string path)
    {
        Metadata config = HuggingFaceConfig.Read(System.IO.Path.Combine(path, HuggingFaceConfig.FileName));
        TensorFolder folder = TensorFolder.Open(path);
        try
        {
            return new HuggingFaceSource(path, config, folder);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override Tokenizer CreateTokenizer() => ModelText.RequireTokenizer(_text.Value, Path);

    /// <inheritdoc/>
    public override int StoredRow(DecoderConfig config, string tensor, int row) => row;

    /// <inheritdoc/>
    public override void Dispose() => _folder.Dispose();

    private int TokenCount() =>
        _weights.RowCount(DecoderWeightsReader.TokenEmbedding) is { } rows and <= int.MaxValue ? (int)rows : 0;
}
