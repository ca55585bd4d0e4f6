using Chaku.Model.Files;

namespace Chaku.RandomModel;

/// <summary>A GGUF file of a Llama with random weights: the same shape and seed give the same bytes.</summary>
internal static class RandomGguf
{
    /// <summary>Writes a file whole or not at all.</summary>
    /// <exception cref="ArgumentException">A size cannot be.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, RandomShape shape, WeightMix mix, ulong seed = 0)
    {
        shape.Check();
        GgufWriter.Write(path, MetadataOf(path, shape, mix), [.. Tensors(shape, mix, seed)]);
    }

    private static Metadata MetadataOf(string path, RandomShape shape, WeightMix mix)
    {
        Metadata metadata = new(path);
        metadata.Add("general.architecture", "llama");
        metadata.Add("general.name", "random weights");
        metadata.Add("general.file_type", mix.FileType);
        metadata.Add("llama.context_length", (uint)shape.Context);
        metadata.Add("llama.embedding_length", (uint)shape.Hidden);
        metadata.Add("llama.block_count", (uint)shape.Layers);
        metadata.Add("llama.feed_forward_length", (uint)shape.Inner);
        metadata.Add("llama.attention.head_count", (uint)shape.Heads);
        metadata.Add("llama.attention.head_count_kv", (uint)shape.KvHeads);
        metadata.Add("llama.attention.layer_norm_rms_epsilon", 1e-5f);
        metadata.Add("llama.rope.dimension_count", (uint)(shape.Hidden / shape.Heads));
        metadata.Add("llama.rope.freq_base", 10000f);
        metadata.Add("llama.vocab_size", (uint)shape.Vocabulary);
        RandomVocabulary.AddTo(metadata, shape.Vocabulary);
        return metadata;
    }

    private static IEnumerable<TensorSource> Tensors(RandomShape shape, WeightMix mix, ulong seed)
    {
        yield return Matrix("token_embd.weight", shape.Hidden, shape.Vocabulary, mix.Usual);
        for (int layer = 0; layer < shape.Layers; layer++)
        {
            string prefix = FormattableString.Invariant($"blk.{layer}.");
            string value = mix.Value(layer, shape.Layers);
            string down = mix.Down(layer, shape.Layers);
            yield return Ones(prefix + "attn_norm.weight", shape.Hidden);
            yield return Matrix(prefix + "attn_q.weight", shape.Hidden, shape.Hidden, mix.Usual);
            yield return Matrix(prefix + "attn_k.weight", shape.Hidden, shape.KvWidth, mix.Usual);
            yield return Matrix(prefix + "attn_v.weight", shape.Hidden, shape.KvWidth, value);
            yield return Matrix(prefix + "attn_output.weight", shape.Hidden, shape.Hidden, mix.Joined);
            yield return Ones(prefix + "ffn_norm.weight", shape.Hidden);
            yield return Matrix(prefix + "ffn_gate.weight", shape.Hidden, shape.Inner, mix.Usual);
            yield return Matrix(prefix + "ffn_up.weight", shape.Hidden, shape.Inner, mix.Usual);
            yield return Matrix(prefix + "ffn_down.weight", shape.Inner, shape.Hidden, down);
        }

        yield return Ones("output_norm.weight", shape.Hidden);
        yield return Matrix("output.weight", shape.Hidden, shape.Vocabulary, mix.Output);

        TensorSource Matrix(string name, int columns, int rows, string format) =>
            RandomBlocks.Of(format).Tensor(name, columns, rows, seed);
    }

    private static TensorSource Ones(string name, int length) =>
        TensorSource.FromSingles(name, [length], Enumerable.Repeat(1f, length).ToArray());
}
