using System.Text.Json;
using Chaku.Model.Adapters;
using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Model.Tests.Adapters;

/// <summary>What is written has the names, shapes and settings of adapters that an independent program wrote.</summary>
public sealed class PeftNameTests
{
    [Theory]
    [InlineData("llama-gqa")]
    [InlineData("bloom-4h")]
    [InlineData("gptneox-parallel")]
    public void A_new_adapter_has_every_name_and_shape_of_the_oracles(string name)
    {
        string oracle = Fixtures.Shared("oracle", "peft", name);
        using PeftFolder expected = PeftFolder.Open(oracle);
        using TemporaryFolder folder = new();
        foreach (string path in (string[])
            [Fixtures.Shared("models", "tiny", name + ".gguf"), Fixtures.Shared("oracle", "hf", name)])
        {
            using LanguageModel model = LanguageModel.Load(path);
            AdaptableLinears linears = AdaptableLinears.Of(model);
            LoraAdapter adapter = LoraAdapter.Create(
                linears,
                expected.Config.TargetModules,
                expected.Config.Settings,
                seed: 1,
                AdapterOrigin.On(model, new string('0', 64)) with { BaseName = expected.Config.BaseName });
            PeftWriter.Write(folder["out"], adapter, linears);

            using TensorFile written = TensorFile.Open(Path.Combine(folder["out"], PeftFolder.WeightsName));
            Assert.Equal(Names(expected.Weights), Names(written));
            Assert.Equal(
                Settings(Path.Combine(oracle, PeftFolder.ConfigName)),
                Settings(Path.Combine(folder["out"], PeftFolder.ConfigName)));
        }
    }

    private static IEnumerable<string> Names(TensorFile file) => file.Tensors
        .Select(tensor => $"{tensor.Name} {tensor.DataType} [{string.Join(", ", tensor.Shape)}]")
        .Order(StringComparer.Ordinal);

    // A key of the oracle's that asks for nothing is left out here: an older PEFT does not know it.
    private static IEnumerable<string> Settings(string path)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        return
        [
            .. document.RootElement.EnumerateObject()
                .Where(field => field.Value.ValueKind != JsonValueKind.Null)
                .Select(field => $"{field.Name}: {Text(field.Value)}")
                .Order(StringComparer.Ordinal),
        ];
    }

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => string.Join(
            ", ", value.EnumerateArray().Select(item => item.GetString()).Order(StringComparer.Ordinal)),
        JsonValueKind.Number => $"{value.GetDouble()}",
        _ => value.GetRawText(),
    };
}
