using System.Runtime.InteropServices;
using Chaku.Kernels.Formats;
using Chaku.Kernels.Ops;
using Chaku.Model.Files;
using Chaku.Training.Datasets;
using Chaku.Training.Runs;

namespace Chaku.Training.Pretraining;

/// <summary>Writes a model that has learnt nothing yet: a GGUF file in F32 with random weights.</summary>
/// <remarks>
/// Matrices are drawn evenly around 0 with a variance of 1 / inputs, those that write into the residual stream with
/// that over twice the number of layers; norms are 1. The embedding has a standard deviation of 1, as what blocks add
/// to
/// the residual stream has: much smaller, it would be lost among that. Where it is the output head too, it has the
/// head's. Sources of these scales: GPT-2 (Radford et al. 2019, section 2.3) for the residual stream, arXiv:2203.03466
/// for the rest.
/// </remarks>
internal static class NewModel
{
    /// <summary>The usual learning rate of a small model that begins with random weights.</summary>
    public const double LearningRate = 1e-3;

    /// <summary>
    /// Makes a vocabulary from a data set, and with it a model that has learnt nothing yet, where the run that trains
    /// it
    /// has its files. From there it is a <see cref="Tuning"/> of all weights.
    /// </summary>
    /// <param name="configPath">The description, as <see cref="NewModelConfig"/> reads it.</param>
    /// <param name="dataPath">The data set.</param>
    /// <param name="format">The data set's format, as <see cref="Dataset.Read"/> takes it.</param>
    /// <param name="files">The run's files.</param>
    /// <param name="seed">Of the weights.</param>
    /// <returns>The path.</returns>
    /// <exception cref="Model.ModelFormatException">The description is none.</exception>
    /// <exception cref="DatasetException">The data set is broken.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public static string Create(string configPath, string dataPath, string? format, RunFiles files, ulong seed)
    {
        NewModelConfig config = NewModelConfig.Read(configPath);
        Dataset dataset = Dataset.Read(dataPath, format);
        NewVocabulary vocabulary = NewVocabulary.Learn(config, dataset.Records);
        Directory.CreateDirectory(files.Folder);
        Write(files.Start, config, vocabulary, seed);
        return files.Start;
    }

    /// <summary>
    /// Writes a file whole or not at all: the same description, vocabulary and seed give the same bytes.
    /// </summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Write(string path, NewModelConfig config, NewVocabulary vocabulary, ulong seed) =>
        GgufWriter.Write(
            path, MetadataOf(path, config, vocabulary), [.. Tensors(config, vocabulary.Tokens.Count, seed)]);

    private static Metadata MetadataOf(string path, NewModelConfig config, NewVocabulary vocabulary)
    {
        Metadata metadata = new(path)
        {
            { "general.architecture", NewModelConfig.ModelType },
            { "general.name", config.Name },
            { GgufKeys.FileType, 0u },
        };
        if (config.License is { } license)
        {
            metadata.Add(GgufKeys.License, license);
        }

        metadata.Add("llama.context_length", (uint)config.ContextLength);
        metadata.Add("llama.embedding_length", (uint)config.HiddenSize);
        metadata.Add("llama.block_count", (uint)config.LayerCount);
        metadata.Add("llama.feed_forward_length", (uint)config.InnerSize);
        metadata.Add("llama.attention.head_count", (uint)config.HeadCount);
        metadata.Add("llama.attention.head_count_kv", (uint)config.KvHeadCount);
        metadata.Add("llama.attention.layer_norm_rms_epsilon", config.NormEpsilon);
        metadata.Add("llama.rope.dimension_count", (uint)config.HeadSize);
        metadata.Add("llama.rope.freq_base", config.RotaryBase);
        metadata.Add("llama.vocab_size", (uint)vocabulary.Tokens.Count);
        metadata.Add("tokenizer.ggml.model", "gpt2");
        metadata.Add("tokenizer.ggml.pre", NewVocabulary.PreTokenizerName);
        metadata.Add("tokenizer.ggml.tokens", vocabulary.Tokens.ToArray());
        metadata.Add("tokenizer.ggml.token_type", vocabulary.Types.Select(type => (int)type).ToArray());
        metadata.Add("tokenizer.ggml.merges", vocabulary.Merges.ToArray());
        metadata.Add("tokenizer.ggml.eos_token_id", (uint)vocabulary.EosId);
        metadata.Add("tokenizer.ggml.add_bos_token", false);
        if (config.ChatTemplate is { } template)
        {
            metadata.Add("tokenizer.chat_template", template);
        }

        return metadata;
    }

    private static IEnumerable<TensorSource> Tensors(NewModelConfig config, int vocabularySize, ulong seed)
    {
        int hidden = config.HiddenSize;
        int kvWidth = config.KvHeadCount * config.HeadSize;
        double plain = 1 / Math.Sqrt(hidden);
        double residual = 1 / Math.Sqrt(2.0 * config.LayerCount);
        ulong number = 0;
        yield return Matrix("token_embd", vocabularySize, hidden, config.IsTied ? plain : 1);
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            string block = $"blk.{layer}.";
            yield return Ones(block + "attn_norm", hidden);
            yield return Matrix(block + "attn_q", hidden, hidden, plain);
            yield return Matrix(block + "attn_k", kvWidth, hidden, plain);
            yield return Matrix(block + "attn_v", kvWidth, hidden, plain);
            yield return Matrix(block + "attn_output", hidden, hidden, plain * residual);
            yield return Ones(block + "ffn_norm", hidden);
            yield return Matrix(block + "ffn_gate", config.InnerSize, hidden, plain);
            yield return Matrix(block + "ffn_up", config.InnerSize, hidden, plain);
            yield return Matrix(block + "ffn_down", hidden, config.InnerSize, residual / Math.Sqrt(config.InnerSize));
        }

        yield return Ones("output_norm", hidden);
        if (!config.IsTied)
        {
            yield return Matrix("output", vocabularySize, hidden, plain);
        }

        TensorSource Matrix(string module, int rows, int columns, double deviation)
        {
            ulong tensor = number++;
            return new(
                module + ".weight",
                TensorFormats.F32,
                [columns, rows],
                stream => WriteRandom(stream, seed, tensor, rows, columns, deviation));
        }
    }

    private static TensorSource Ones(string module, int length)
    {
        float[] ones = new float[length];
        Array.Fill(ones, 1f);
        return TensorSource.FromSingles(module + ".weight", [length], ones);
    }

    // An even distribution needs no function whose last bits differ between machines.
    private static void WriteRandom(
        Stream stream, ulong seed, ulong tensor, int rows, int columns, double deviation)
    {
        double width = 2 * Math.Sqrt(3) * deviation;
        float[] row = new float[columns];
        for (long r = 0; r < rows; r++)
        {
            for (int c = 0; c < columns; c++)
            {
                row[c] = (float)(width * (CounterRandom.Uniform(seed, tensor, (ulong)((r * columns) + c)) - 0.5));
            }

            stream.Write(MemoryMarshal.AsBytes(row.AsSpan()));
        }
    }
}
