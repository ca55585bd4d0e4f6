using System.Text.Json;
using Chaku.Kernels.Formats;
using Chaku.Model.Adapters;
using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Model.Tests.Adapters;

/// <summary>
/// An adapter in PEFT's format, and what PyTorch computes with it on the model in Hugging Face's layout.
/// </summary>
public sealed class PeftGoldenTests
{
    // PyTorch in float32 is within 3.3e-6 of these figures, which it made in float64.
    private const float LogitTolerance = 5e-5f;

    [Fact]
    public void A_peft_adapter_gives_the_golden_logits()
    {
        using LanguageModel model = SampleAdapters.Model();
        LoadedAdapter loaded = AdapterReader.Read(SampleAdapters.GoldenFolder, model, SampleAdapters.Hashes);
        using TensorFile golden =
            TensorFile.Open(Path.Combine(SampleAdapters.GoldenFolder, "adapted.logits.safetensors"));

        float[] expected = golden.Singles(golden["logits"]);
        float[] actual = SampleAdapters.Logits(model, loaded.Adapter);

        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair =>
            Assert.InRange(MathF.Abs(pair.First - pair.Second), 0, LogitTolerance));
    }

    [Fact]
    public void A_peft_adapter_read_and_written_has_the_same_tensors_and_settings()
    {
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();
        string source = SampleAdapters.GoldenFolder;

        LoraAdapter adapter = AdapterReader.Read(source, model, SampleAdapters.Hashes).Adapter;
        PeftWriter.Write(folder["out"], adapter, AdaptableLinears.Of(model));

        using TensorFile expected = TensorFile.Open(Path.Combine(source, PeftFolder.WeightsName));
        using TensorFile written = TensorFile.Open(Path.Combine(folder["out"], PeftFolder.WeightsName));
        Assert.Equal(expected.Tensors.Select(tensor => tensor.Name), written.Tensors.Select(tensor => tensor.Name));
        Assert.All(expected.Tensors, tensor =>
        {
            Assert.Equal(tensor.Shape, written[tensor.Name].Shape);
            Assert.Equal(expected.Singles(tensor), written.Singles(written[tensor.Name]));
        });
        Assert.Equal("pt", written.Metadata["format"]);
        SameSettings(
            Path.Combine(source, PeftFolder.ConfigName), Path.Combine(folder["out"], PeftFolder.ConfigName));
    }

    [Theory]
    [InlineData("F16")]
    [InlineData("BF16")]
    public void Factors_of_16_bits_are_read_exactly(string format)
    {
        using LanguageModel model = SampleAdapters.Model();
        using TemporaryFolder folder = new();
        TensorFormat half = TensorFormats.FromName(format)!;
        byte[] one = format == "F16" ? [0x00, 0x3C] : [0x80, 0x3F];
        TensorSource[] tensors =
        [
            .. SampleAdapters.Values().Select(tensor => TensorSource.FromBytes(
                tensor.Name,
                half,
                tensor.Dimensions,
                Enumerable.Repeat(one, (int)tensor.ByteLength / 4).SelectMany(bytes => bytes).ToArray())),
        ];

        LoadedAdapter loaded = AdapterReader.Read(folder.WriteFolder(tensors), model, SampleAdapters.Hashes);

        Assert.All(loaded.Adapter.Factors.Values, pair =>
        {
            Assert.Equal(-1, pair.AValues.IndexOfAnyExcept(1f));
            Assert.Equal(-1, pair.TransposedBValues.IndexOfAnyExcept(1f));
        });
    }

    // The golden settings come from an older PEFT; what is written has no key that it does not know.
    private static void SameSettings(string expectedPath, string writtenPath)
    {
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(expectedPath));
        using JsonDocument written = JsonDocument.Parse(File.ReadAllBytes(writtenPath));
        Assert.All(written.RootElement.EnumerateObject(), field =>
            Assert.True(
                JsonElement.DeepEquals(expected.RootElement.GetProperty(field.Name), field.Value), field.Name));
    }
}
