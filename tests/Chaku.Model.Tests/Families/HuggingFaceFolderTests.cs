using System.Text.Json;
using System.Text.Json.Nodes;
using Chaku.Tests;

namespace Chaku.Model.Tests.Families;

/// <summary>Folders that are not as they should be: each is refused in words, or runs as it says.</summary>
public sealed class HuggingFaceFolderTests
{
    private const int MutationCount = 400;

    [Theory]
    [InlineData("quantization_config", """{"quant_method": "gptq", "bits": 4}""", "quantization_config.quant_method")]
    [InlineData("rope_scaling", """{"type": "yarn", "factor": 4}""", "default, linear, llama3 or longrope")]
    [InlineData("hidden_act", "\"mish\"", "one of silu")]
    [InlineData("model_type", "\"mamba\"", "one of the model types llama")]
    [InlineData("num_attention_heads", "3", "heads in groups")]
    [InlineData("hidden_size", "-4", "a number from 1")]
    [InlineData("hidden_size", "1e99", "integer")]
    [InlineData("hidden_size", "48", "of shape")]
    [InlineData("num_hidden_layers", "4096", "a tensor for blk.2.")]
    [InlineData("rms_norm_eps", "\"small\"", "a float")]
    [InlineData("some_new_computation", "7", "only settings that this software understands")]
    [InlineData("attention_bias", "true", "false")]
    public void A_setting_that_cannot_be_is_refused_by_name(string key, string value, string message)
    {
        using TemporaryFolder folder = Copy("llama-linear", config => config[key] = JsonNode.Parse(value));

        ModelFormatException exception =
            Assert.Throws<ModelFormatException>(() => LanguageModel.Load(folder.Path).Dispose());

        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
    }

    [Theory]
    [InlineData("some_new_switch", "false")]
    [InlineData("some_new_switch", "null")]
    [InlineData("some_new_number", "0")]
    [InlineData("some_new_name", "\"\"")]
    [InlineData("id2label", """{"0": "LABEL_0", "1": "LABEL_1"}""")]
    public void What_is_switched_off_changes_nothing(string key, string value)
    {
        using TemporaryFolder folder = Copy("llama-linear", config => config[key] = JsonNode.Parse(value));
        using LanguageModel model = LanguageModel.Load(folder.Path);

        Assert.Equal(2, model.Decoder.Layers.Count);
    }

    [Theory]
    [InlineData("[1, 2]")]
    [InlineData("{")]
    [InlineData("")]
    [InlineData("{\"model_type\": \"llama\", \"model_type\": \"llama\"}")]
    [InlineData("{\"model_type\": \"\\ud800\"}")]
    public void A_broken_config_is_refused(string json)
    {
        using TemporaryFolder folder = Copy("llama-linear", _ => { });
        File.WriteAllText(folder["config.json"], json);

        Assert.Throws<ModelFormatException>(() => LanguageModel.Load(folder.Path).Dispose());
    }

    [Fact]
    public void A_config_of_a_hundred_levels_is_refused()
    {
        using TemporaryFolder folder = Copy("llama-linear", _ => { });
        string deep = string.Concat(Enumerable.Repeat("{\"a\":", 100)) + "1" + new string('}', 100);
        File.WriteAllText(folder["config.json"], deep);

        Assert.Throws<ModelFormatException>(() => LanguageModel.Load(folder.Path).Dispose());
    }

    [Fact]
    public void A_folder_without_a_tokenizer_runs_on_tokens_and_refuses_text()
    {
        using LanguageModel model = LanguageModel.Load(TestModels.PathOf("folders/qwen3"));

        Assert.Throws<ModelFormatException>(() => model.Generate("hello").First());
    }

    [Fact]
    public void A_vocabulary_of_more_tokens_than_embeddings_is_refused_where_text_is_needed()
    {
        using TemporaryFolder folder = Copy("qwen3", _ => { });
        File.WriteAllText(folder["tokenizer.json"], TokenizerOf(400).ToJsonString());
        using LanguageModel model = LanguageModel.Load(folder.Path);

        ModelFormatException exception =
            Assert.Throws<ModelFormatException>(() => model.Generate("t1").First());

        Assert.Contains("a vocabulary of 384 tokens", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Added_tokens_beyond_the_embeddings_are_none()
    {
        using TemporaryFolder folder = Copy("qwen3", _ => { });
        JsonObject tokenizer = TokenizerOf(384);
        tokenizer["added_tokens"] = new JsonArray(
            new JsonObject { ["id"] = 384, ["content"] = "[PAD]", ["special"] = true });
        File.WriteAllText(folder["tokenizer.json"], tokenizer.ToJsonString());
        using LanguageModel model = LanguageModel.Load(folder.Path);

        Assert.Equal(384, model.Tokenizer.Vocabulary.Count);
        Assert.DoesNotContain(384, model.Tokenizer.Encode("[PAD]t1", parseSpecial: true));
    }

    [Fact]
    public void A_window_in_every_layer_is_listed_or_follows_the_family()
    {
        using TemporaryFolder folder = Copy("mistral-window", config => config["layer_types"] =
            new JsonArray("full_attention", "sliding_attention"));
        using LanguageModel listed = LanguageModel.Load(folder.Path);
        using LanguageModel whole = LanguageModel.Load(TestModels.PathOf("folders/mistral-window"));

        Assert.Equal([0, 8], listed.Decoder.Config.Attention.Windows);
        Assert.Equal([8, 8], whole.Decoder.Config.Attention.Windows);
    }

    [Fact]
    public void The_context_ends_with_learned_positions()
    {
        string path = TestModels.PathOf("folders/gpt2");

        ArgumentException exception = Assert.Throws<ArgumentException>(
            () => LanguageModel.Load(path, new ModelOptions { ContextLength = 33 }).Dispose());

        Assert.Contains("32 at most, not 33", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Changed_configs_are_refused_or_run()
    {
        Random random = new(20261123);
        string[] names = [.. TestModels.Folders];
        JsonNode?[] values =
        [
            null, JsonValue.Create(0), JsonValue.Create(-1), JsonValue.Create(1), JsonValue.Create(7),
            JsonValue.Create(1L << 40), JsonValue.Create(0.5), JsonValue.Create(true), JsonValue.Create(false),
            JsonValue.Create("text"), new JsonArray(1, 2), new JsonObject { ["a"] = 1 },
        ];
        for (int i = 0; i < MutationCount; i++)
        {
            string name = names[random.Next(names.Length)];
            int key = random.Next(1000);
            JsonNode? value = values[random.Next(values.Length)]?.DeepClone();
            string what = "";
            using TemporaryFolder folder = Copy(name, config =>
            {
                string changed = config.ElementAt(key % config.Count).Key;
                what = $"{name}, {changed} = {value?.ToJsonString() ?? "null"}";
                config[changed] = value;
            });
            try
            {
                using LanguageModel model = LanguageModel.Load(folder.Path);
                _ = Decoding.ModelRun.Logits(folder.Path, new ModelOptions(), 22);
            }
            catch (Exception exception) when (exception is ModelFormatException or ContextOverflowException)
            {
                Assert.DoesNotContain('\n', exception.Message);
            }
            catch (Exception exception)
            {
                Assert.Fail($"{what}: {exception}");
            }
        }
    }

    private static JsonObject TokenizerOf(int tokenCount) => new()
    {
        ["model"] = new JsonObject
        {
            ["type"] = "BPE",
            ["unk_token"] = "t0",
            ["vocab"] = new JsonObject(Enumerable.Range(0, tokenCount).Select(
                id => KeyValuePair.Create($"t{id}", (JsonNode?)id))),
            ["merges"] = new JsonArray(),
        },
        ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel" },
        ["decoder"] = new JsonObject { ["type"] = "ByteLevel" },
    };

    private static TemporaryFolder Copy(string name, Action<JsonObject> change)
    {
        TemporaryFolder folder = new();
        string source = TestModels.PathOf($"folders/{name}");
        JsonObject config = JsonNode.Parse(File.ReadAllText(Path.Combine(source, "config.json")))!.AsObject();
        change(config);
        File.WriteAllText(folder["config.json"], config.ToJsonString(new JsonSerializerOptions()));
        File.Copy(Path.Combine(source, "model.safetensors"), folder["model.safetensors"]);
        return folder;
    }
}
