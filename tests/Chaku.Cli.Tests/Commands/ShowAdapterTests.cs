using System.Text.Json;
using Chaku.Tests;

namespace Chaku.Cli.Tests.Commands;

/// <summary>Adapters that ask for more than can be applied are shown all the same.</summary>
public sealed class ShowAdapterTests : CommandSuite
{
    [Theory]
    [InlineData("lora_mlp", false, "", "nothing", "lin0.lora_A.weight 8 10;lin0.lora_B.weight 20 8")]
    [InlineData(
        "lora_mlp_modules_to_save",
        false,
        "lin1",
        "expected no module as modules_to_save",
        "lin0.lora_A.weight 8 10;lin0.lora_B.weight 20 8;lin1.weight 2 20;lin1.bias 2")]
    [InlineData(
        "lora_emb_conv1d",
        true,
        "",
        "'base_model.model.emb.lora_embedding_A' 'F32' [8, 100], a factor of a token embedding",
        "emb.lora_embedding_A 8 100;emb.lora_embedding_B 5 8;conv1d.lora_A.weight 8 5;conv1d.lora_B.weight 1 8")]
    public void The_files_of_pefts_own_tests_show_every_name_and_shape(
        string name, bool isFanInFanOut, string modulesToSave, string notSupported, string tensors)
    {
        string folder = Fixtures.Shared("adapters", "peft-regression", name);
        using JsonDocument said = JsonDocument.Parse(Result("show", folder, "--json"));
        JsonElement root = said.RootElement;

        Assert.Equal(isFanInFanOut, root.GetProperty("fan_in_fan_out").GetBoolean());
        Assert.Equal(modulesToSave, root.GetProperty("modules_to_save").GetString() ?? "");
        Assert.Contains(notSupported, root.GetProperty("not_supported").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            tensors.Split(';').Select(line => "base_model.model." + line),
            root.GetProperty("tensors").EnumerateArray().Select(tensor =>
                $"{tensor.GetProperty("name").GetString()} "
                + string.Join(' ', tensor.GetProperty("shape").EnumerateArray())));
        Assert.Contains("modules to save", Result("show", folder), StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_cannot_be_applied_is_refused_in_a_line()
    {
        string folder = Fixtures.Shared("adapters", "peft-regression", "lora_emb_conv1d");

        string line = Refusal(
            ExitCodes.Failure, "logits", TinyModel, "--tokens", "1", "--out", InFolder("l"), "--adapter", folder);

        Assert.Contains("a factor of a token embedding, which is not supported", line, StringComparison.Ordinal);
    }
}
