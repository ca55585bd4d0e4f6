using System.Text.Json.Nodes;
using Chaku.Model;
using Chaku.Model.Decoding;
using Chaku.Model.Templates;
using Chaku.Tests;
using Chaku.Training.Datasets;
using Chaku.Training.Pretraining;
using Chaku.Training.Runs;

namespace Chaku.Training.Tests.Pretraining;

/// <summary>A new model: what is written before it has learnt anything, and that it learns.</summary>
public sealed class NewModelTests
{
    private const string Talk =
        """{"messages": [{"role": "user", "content": "ping pong"}, {"role": "assistant", "content": "pong ping"}]}""";

    private static JsonObject Description => JsonNode.Parse(
        """
        {
          "name": "new", "license": "cc0-1.0", "model_type": "llama", "vocab_size": 280,
          "max_position_embeddings": 64, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2,
          "num_attention_heads": 4, "num_key_value_heads": 2, "rms_norm_eps": 1e-5, "rope_theta": 10000,
          "tie_word_embeddings": true, "special_tokens": ["<|end|>", "<|user|>", "<|assistant|>"],
          "eos_token": "<|end|>",
          "chat_template":
            "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}
        """.TrimEnd() + """
        {% if add_generation_prompt %}<|assistant|>{% endif %}"
        }
        """)!.AsObject();

    [Fact]
    public void A_new_model_has_the_described_shape_its_vocabulary_and_its_template()
    {
        using TemporaryFolder folder = new();
        using LanguageModel model = Create(folder, Description, seed: 1);

        DecoderConfig config = model.Decoder.Config;
        Assert.Equal((16, 2, 64), (config.HiddenSize, config.LayerCount, config.ContextLength));
        Assert.Equal((4, 2), (config.Attention.HeadCount, config.Attention.KvHeadCount));
        Assert.True(config.Head.IsTied);
        Assert.InRange(config.VocabularySize, 260, 280);
        string text = "ping pong pöng 😀\n";
        Assert.Equal(text, model.Tokenizer.Decode(model.Tokenizer.Encode(text)));
        Assert.Single(model.Tokenizer.Encode(" pong"));
        PromptEncoder prompts = new(
            model.Tokenizer, ChatTemplates.Resolve(null, model.ChatTemplate, model.Tokenizer.Vocabulary));
        int[] ids = prompts.Encode(new Conversation([new Message(Role.User, "<|end|>")]), true).Ids;
        Assert.Equal([1, .. model.Tokenizer.Encode("<|end|>"), 0, 2], ids);
    }

    [Fact]
    public void The_same_seed_gives_the_same_bytes_and_another_seed_others()
    {
        using TemporaryFolder folder = new();
        byte[] Bytes(ulong seed)
        {
            using LanguageModel model = Create(folder, Description, seed);
            return File.ReadAllBytes(model.Path);
        }

        byte[] first = Bytes(7);

        Assert.Equal(first, Bytes(7));
        Assert.NotEqual(first, Bytes(8));
    }

    [Fact]
    public void Random_weights_have_the_described_scale()
    {
        using TemporaryFolder folder = new();
        JsonObject wide = Description;
        wide["hidden_size"] = 128;
        wide["intermediate_size"] = 512;
        using LanguageModel model = Create(folder, wide, seed: 3);

        foreach (NamedWeights tensor in WeightList.Of(model.Decoder.Weights).Where(tensor => tensor.Matrix is not null))
        {
            int columns = tensor.Matrix!.Columns;
            double variance = Variance(tensor.Matrix);
            bool isResidual = tensor.Name.Contains("output", StringComparison.Ordinal)
                || tensor.Name.Contains("down", StringComparison.Ordinal);
            double expected = 1.0 / columns / (isResidual ? 4 : 1);
            Assert.InRange(variance, 0.9 * expected, 1.1 * expected);
        }
    }

    [Fact]
    public void A_new_model_learns_what_it_is_taught_and_the_same_run_gives_the_same_bytes()
    {
        using TemporaryFolder folder = new();
        string config = folder.Write("new.json", Description.ToJsonString());
        string data = folder.Write("talk.jsonl", string.Join('\n', Enumerable.Repeat(Talk, 40)));
        TuneOptions options = new() { Steps = 30, LearningRate = 1e-2, ContextLength = 64, BatchSize = 1, Seed = 5 };
        string Train(string name, int threads)
        {
            string path = Path.Combine(folder.Path, name);
            string start = NewModel.Create(config, data, null, RunFiles.Of(path, isFull: true), options.Seed);
            using LanguageModel model = LanguageModel.Load(
                start, new ModelOptions { ThreadCount = threads, HoldsSingles = true });
            TuneReport report = Tuning.Run(model, data, path, options with { IsFull = true });
            Assert.True(report.LastLoss < 0.2 * report.FirstLoss, $"{report.FirstLoss} -> {report.LastLoss}");
            return path;
        }

        Assert.Equal(File.ReadAllBytes(Train("one.gguf", 1)), File.ReadAllBytes(Train("two.gguf", 2)));
    }

    [Theory]
    [InlineData("model_type", "\"falcon\"", "llama")]
    [InlineData("vocab_size", "100", "room for 256 bytes")]
    [InlineData("hidden_size", "18", "even number")]
    [InlineData("num_key_value_heads", "3", "multiple")]
    [InlineData("num_hidden_layers", "0", "from 1")]
    [InlineData("hidden_size", "99999999", "from 1 to")]
    [InlineData("eos_token", "\"<|other|>\"", "one of special_tokens")]
    [InlineData("special_tokens", "[\"<|end|>\", \"<|end|>\"]", "differ")]
    [InlineData("rms_norm_eps", "0", "above 0")]
    [InlineData("rope_theta", "1e300", "above 1")]
    [InlineData("hidden_sise", "16", "hidden_sise")]
    public void What_cannot_be_is_refused_by_name(string key, string value, string named)
    {
        using TemporaryFolder folder = new();
        JsonObject description = Description;
        description[key] = JsonNode.Parse(value);
        string path = folder.Write("new.json", description.ToJsonString());

        Exception error = Assert.Throws<ModelFormatException>(() => NewModelConfig.Read(path));

        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    private static LanguageModel Create(TemporaryFolder folder, JsonObject description, ulong seed)
    {
        string config = folder.Write("new.json", description.ToJsonString());
        string data = folder.Write("talk.jsonl", string.Join('\n', Enumerable.Repeat(Talk, 3)));
        NewModelConfig read = NewModelConfig.Read(config);
        string path = Path.Combine(folder.Path, "new.gguf");
        NewModel.Write(path, read, NewVocabulary.Learn(read, Dataset.Read(data).Records), seed);
        return LanguageModel.Load(path, new ModelOptions { ThreadCount = 1, HoldsSingles = true });
    }

    private static double Variance(Kernels.Memory.WeightMatrix matrix)
    {
        float[] row = new float[matrix.Columns];
        double squares = 0;
        for (int r = 0; r < matrix.Rows; r++)
        {
            matrix.Dequantise(r, 0, row);
            squares += row.Sum(value => (double)value * value);
        }

        return squares / matrix.Rows / matrix.Columns;
    }
}
