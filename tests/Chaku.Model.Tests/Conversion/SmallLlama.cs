using System.Text.Json.Nodes;
using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Model.Tests.Conversion;

/// <summary>A Llama folder of one layer and one head, with weights that mean nothing.</summary>
internal static class SmallLlama
{
    /// <summary>Writes <c>config.json</c> and the weights.</summary>
    /// <param name="folder">Gets them.</param>
    /// <param name="headSize">Floats in the head, and in the residual stream.</param>
    /// <param name="change">Changes the settings.</param>
    /// <param name="vocabulary">Tokens.</param>
    public static void Write(
        TemporaryFolder folder, int headSize, Action<JsonObject> change, int vocabulary = 16)
    {
        JsonObject config = JsonNode.Parse(
            $$"""
            {
              "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": {{headSize}},
              "num_attention_heads": 1, "num_key_value_heads": 1, "intermediate_size": 4, "num_hidden_layers": 1,
              "vocab_size": {{vocabulary}}, "rms_norm_eps": 1e-05, "max_position_embeddings": 131072,
              "rope_theta": 500000.0, "hidden_act": "silu", "tie_word_embeddings": true
            }
            """)!.AsObject();
        change(config);
        folder.Write("config.json", config.ToJsonString());
        const string Layer = "model.layers.0.";
        TensorSource[] tensors =
        [
            Matrix("model.embed_tokens", vocabulary, headSize),
            Matrix(Layer + "self_attn.q_proj", headSize, headSize),
            Matrix(Layer + "self_attn.k_proj", headSize, headSize),
            Matrix(Layer + "self_attn.v_proj", headSize, headSize),
            Matrix(Layer + "self_attn.o_proj", headSize, headSize),
            Matrix(Layer + "mlp.gate_proj", 4, headSize),
            Matrix(Layer + "mlp.up_proj", 4, headSize),
            Matrix(Layer + "mlp.down_proj", headSize, 4),
            Vector(Layer + "input_layernorm", headSize),
            Vector(Layer + "post_attention_layernorm", headSize),
            Vector("model.norm", headSize),
        ];
        using FileStream stream = File.Create(folder["model.safetensors"]);
        SafetensorsWriter.Write(stream, new Dictionary<string, string> { ["format"] = "pt" }, tensors);
    }

    private static TensorSource Matrix(string name, int rows, int columns) => TensorSource.FromSingles(
        name + ".weight", [rows, columns], Enumerable.Range(0, rows * columns).Select(i => (i % 7) - 3f).ToArray());

    private static TensorSource Vector(string name, int length) =>
        TensorSource.FromSingles(name + ".weight", [length], Enumerable.Repeat(1f, length).ToArray());
}
