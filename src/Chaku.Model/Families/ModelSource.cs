using Chaku.Model.Decoding;
using Chaku.Model.Files;
using Chaku.Model.Licenses;
using Chaku.Model.Tokenizers;

namespace Chaku.Model.Families;

/// <summary>Where a model comes from: a GGUF file or a Hugging Face folder, open.</summary>
internal abstract class ModelSource : IDisposable
{
    /// <summary>The file or the folder.</summary>
    public abstract string Path { get; }

    /// <summary>The family.</summary>
    public abstract ModelFamily Family { get; }

    /// <summary>What the model is called; null where nothing says so.</summary>
    public abstract string? Name { get; }

    /// <summary>The model's own chat template, in Jinja; null where it has none.</summary>
    public abstract string? ChatTemplate { get; }

    /// <summary>The terms that it is under; null where nothing says so.</summary>
    public abstract StatedLicense? License { get; }

    /// <summary>The weights, for their hash.</summary>
    public abstract ModelContent Content { get; }

    /// <summary>Bytes of weights that were copied because the file has them in another layout.</summary>
    public abstract long CopiedByteLength { get; }

    /// <summary>The settings that describe the computation.</summary>
    public abstract ModelSettings Settings { get; }

    /// <summary>The weights.</summary>
    protected abstract WeightSource Weights { get; }

    /// <summary>Opens a GGUF file or a Hugging Face folder.</summary>
    /// <exception cref="ModelFormatException">It is no model that this software runs.</exception>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Reading is not permitted.</exception>
    public static ModelSource Open(string path) =>
        Directory.Exists(path) ? HuggingFaceSource.Open(path) : GgufSource.Open(path);

    /// <summary>The computation that the settings describe.</summary>
    /// <exception cref="ModelFormatException">
    /// A key is missing, has a value that cannot be, or is not understood.
    /// </exception>
    public DecoderConfig ReadConfig()
    {
        DecoderConfig config = Family.Read(Settings, Weights);
        Settings.RequireAllKnown();
        return config;
    }

    /// <summary>The weights that a computation needs.</summary>
    /// <exception cref="ModelFormatException">A tensor is missing, left over, or has another shape.</exception>
    public DecoderWeights ReadWeights(DecoderConfig config) => DecoderWeightsReader.Read(Family, config, Weights);

    /// <summary>The weights that a computation needs, each by its GGUF name, in the order of a GGUF file.</summary>
    /// <exception cref="ModelFormatException">A tensor is missing, left over, or has another shape.</exception>
    public IReadOnlyList<RecordedWeight> RecordWeights(DecoderConfig config)
    {
        WeightRecorder recorder = new(Weights);
        _ = DecoderWeightsReader.Read(Family, config, recorder);
        return recorder.Weights;
    }

    /// <summary>The tokenizer.</summary>
    /// <exception cref="ModelFormatException">There is none, or it cannot be read.</exception>
    public abstract Tokenizer CreateTokenizer();

    /// <summary>The row of this source's matrix that a row in Hugging Face's order is.</summary>
    /// <param name="config">The computation.</param>
    /// <param name="tensor">The tensor's GGUF name.</param>
    /// <param name="row">A row in Hugging Face's order.</param>
    public abstract int StoredRow(DecoderConfig config, string tensor, int row);

    /// <inheritdoc/>
    public abstract void Dispose();
}
