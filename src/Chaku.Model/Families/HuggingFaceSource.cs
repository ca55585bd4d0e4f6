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

    private HuggingFaceSource(string path, Metadata config, TensorFolder folder, bool leavesTransposed)
    {
        Path = path;
        _folder = folder;
        Family = ModelFamilies.OfHuggingFace(config);
        Settings = new ModelSettings(config, new HuggingFaceDialect());
        _weights = new HuggingFaceWeights(folder, Family) { LeavesTransposed = leavesTransposed };
        _text = new Lazy<TokenizerFolder>(() => TokenizerFolder.Open(path, TokenCount()));
    }

    /// <inheritdoc/>
    public override string Path { get; }

    /// <inheritdoc/>
    public override ModelFamily Family { get; }

    /// <inheritdoc/>
    public override string? Name => HubCache.NameOf(Path)?.Id ?? PathText.NameOf(Path);

    /// <inheritdoc/>
    public override string? ChatTemplate => _text.Value.ChatTemplate;

    /// <inheritdoc/>
    public override StatedLicense? License => StatedLicense.InFolder(Path);

    /// <inheritdoc/>
    public override ModelContent Content => _folder.Content;

    /// <inheritdoc/>
    public override long CopiedByteLength => _weights.CopiedByteLength;

    /// <inheritdoc/>
    public override ModelSettings Settings { get; }

    /// <summary>The tokenizer and what the folder says beside it.</summary>
    public TokenizerFolder Text => _text.Value;

    /// <summary>
    /// The token that fills batches up: the tokenizer's, else <c>config.json</c>'s; null where neither names one.
    /// </summary>
    public int? PaddingId => Text.Tokenizer?.Vocabulary.PaddingId
        ?? (Settings.Find("pad_token_id") is { Content: long id and >= 0 and <= int.MaxValue } ? (int)id : null);

    /// <inheritdoc/>
    protected override WeightSource Weights => _weights;

    /// <summary>Opens a folder.</summary>
    public static new HuggingFaceSource Open(string path) => Open(path, leavesTransposed: false);

    /// <summary>Opens a folder, perhaps to be copied: see <see cref="HuggingFaceWeights.LeavesTransposed"/>.</summary>
    public static HuggingFaceSource Open(string path, bool leavesTransposed)
    {
        Metadata config = HuggingFaceConfig.Read(System.IO.Path.Combine(path, HuggingFaceConfig.FileName));
        TensorFolder folder = TensorFolder.Open(path);
        try
        {
            return new HuggingFaceSource(path, config, folder, leavesTransposed);
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
