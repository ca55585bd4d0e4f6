using System.Text;
using Chaku.Model.Adapters;
using Chaku.Tests;
using CsCheck;

namespace Chaku.Model.Tests.Adapters;

public sealed class PeftConfigTests
{
    [Theory]
    [InlineData("\"rank_pattern\": {\".*q_proj\": 4}")]
    [InlineData("\"alpha_pattern\": {\"^q_proj\": 4}")]
    [InlineData("\"use_qalora\": true")]
    [InlineData("\"modules_to_save\": [\"lm_head\"]")]
    [InlineData("\"bias\": \"all\"")]
    [InlineData("\"lora_bias\": true")]
    [InlineData("\"layer_replication\": [[0, 1]]")]
    [InlineData("\"trainable_token_indices\": [1]")]
    [InlineData("\"megatron_config\": {\"a\": 1}")]
    [InlineData("\"init_lora_weights\": \"pissa_niter_4\"")]
    [InlineData("\"task_type\": \"SEQ_CLS\"")]
    [InlineData("\"something_new\": 3")]
    public void What_changes_the_computation_is_refused_by_name(string field)
    {
        string message = Assert.Single(Read($"{{\"peft_type\": \"LORA\", {field}}}").Unsupported);
        Assert.DoesNotContain('\n', message);
        Assert.Contains(field.Split('"')[1], message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"something_new\": null")]
    [InlineData("\"fan_in_fan_out\": true, \"rank_pattern\": {}, \"modules_to_save\": []")]
    [InlineData("\"something_new\": {}, \"use_qalora\": false, \"qalora_group_size\": 16")]
    [InlineData("\"init_lora_weights\": \"gaussian\", \"lora_dropout\": 0.05, \"megatron_core\": \"megatron.core\"")]
    public void What_changes_nothing_is_read(string field)
    {
        PeftConfig config = Read($"{{\"peft_type\": \"LORA\", {field}}}");
        Assert.Empty(config.Unsupported);
        Assert.Equal(new LoraSettings(8, 8), config.Settings);
        Assert.Equal(1f, config.Settings.Scale);
    }

    [Theory]
    [InlineData("model.layers.0.self_attn.q_proj", 4, 32f)]
    [InlineData("model.layers.1.self_attn.q_proj", 8, 16f)]
    [InlineData("model.layers.10.self_attn.xq_proj", 8, 8f)]
    [InlineData("lm_head", 2, 8f)]
    public void The_first_pattern_that_names_the_end_of_a_module_applies(string module, int rank, float alpha)
    {
        PeftConfig config = Read("""
            {"peft_type": "LORA", "use_rslora": true,
             "rank_pattern": {"layers.0.self_attn.q_proj": 4, "lm_head": 2, "head": 3},
             "alpha_pattern": {"0.self_attn.q_proj": 32, "q_proj": 16}}
            """);

        Assert.Equal(
            new LoraSettings(rank, alpha, IsRankStabilised: true), config.Patterns.Apply(module, config.Settings));
    }

    [Theory]
    [InlineData("{}", "peft_type")]
    [InlineData("[]", "an object")]
    [InlineData("", "expected JSON")]
    [InlineData("{\"peft_type\": \"IA3\"}", "'\"IA3\"'")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": 0}", "rank")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": 1e9}", "r, found '1e9'")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": 100000}", "rank")]
    [InlineData("{\"peft_type\": \"LORA\", \"r\": \"8\"}", "an integer")]
    [InlineData("{\"peft_type\": \"LORA\", \"lora_alpha\": 0}", "alpha")]
    [InlineData("{\"peft_type\": \"LORA\", \"lora_alpha\": 1e99}", "alpha")]
    [InlineData("{\"peft_type\": \"LORA\", \"lora_alpha\": NaN}", "expected JSON")]
    [InlineData("{\"peft_type\": \"LORA\", \"use_rslora\": 1}", "true or false")]
    [InlineData("{\"peft_type\": \"LORA\", \"target_modules\": [1]}", "a string as target_modules[0]")]
    [InlineData("{\"peft_type\": \"LORA\", \"rank_pattern\": [1]}", "an object as rank_pattern")]
    [InlineData("{\"peft_type\": \"LORA\", \"rank_pattern\": {\"a\": 1.5}}", "whole numbers")]
    [InlineData("{\"peft_type\": \"LORA\", \"rank_pattern\": {\"a\": 1e99}}", "whole numbers")]
    [InlineData("{\"peft_type\": \"LORA\", \"alpha_pattern\": {\"a\": \"4\"}}", "a finite number as alpha_pattern")]
    [InlineData("{\"peft_type\": \"LORA\", \"peft_type\": \"LORA\"}", "no property twice")]
    [InlineData("{\"peft_type\": \"LORA\", \"base_model_name_or_path\": \"\\ud800\"}", "valid Unicode")]
    [InlineData("{\"peft_type\": \"\\n\\u2028\"}", "peft_type")]
    public void A_file_that_is_no_configuration_is_refused(string json, string reason) =>
        Assert.Contains(reason, Refusal(json), StringComparison.Ordinal);

    [Fact]
    public void A_deep_and_a_huge_file_are_refused()
    {
        string deep = new string('[', 100_000) + new string(']', 100_000);
        Assert.Contains(
            "at most 16 levels", Refusal($"{{\"peft_type\": \"LORA\", \"x\": {deep}}}"), StringComparison.Ordinal);
        Assert.Contains("at most 1048576 bytes", Refusal(new string(' ', 2_000_000) + "{}"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_file_is_read_or_refused()
    {
        byte[] good = File.ReadAllBytes(Path.Combine(SampleAdapters.GoldenFolder, PeftFolder.ConfigName));
        using TemporaryFolder folder = new();
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte).Sample((place, value) =>
        {
            byte[] damaged = [.. good];
            damaged[place] = value;
            string path = folder.Write("c.json", damaged);
            Exception? exception = Record.Exception(() => PeftConfig.Read(path));
            Assert.True(exception is null or AdapterException or ModelFormatException, $"{exception}");
        }, threads: 1, iter: 500);
    }

    [Fact]
    public void What_is_written_is_read_again()
    {
        PeftConfig config = new()
        {
            Settings = new LoraSettings(16, 0.3f, IsRankStabilised: true, IsWeightDecomposed: true),
            TargetModules = ["q_proj", "model.layers.3.mlp.up_proj"],
            TargetsAreComplete = true,
            BaseName = "a \"name\" with ü and \u2028",
        };

        PeftConfig read = Read(Encoding.UTF8.GetString(config.ToJson()));

        Assert.Equal(
            config with { TargetModules = [] },
            read with { TargetModules = [], Unsupported = [], Patterns = PeftPatterns.None });
        Assert.Empty(read.Unsupported);
        Assert.Equal(config.TargetModules, read.TargetModules);
        Assert.Equal(0.3f / 4, read.Settings.Scale);
    }

    private static PeftConfig Read(string json)
    {
        using TemporaryFolder folder = new();
        return PeftConfig.Read(folder.Write("adapter_config.json", Encoding.UTF8.GetBytes(json)));
    }

    private static string Refusal(string json)
    {
        Exception exception = Assert.ThrowsAny<Exception>(() => Read(json));
        Assert.True(exception is ModelFormatException or AdapterException, $"{exception}");
        string message = exception.Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }
}
