using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Model.Tests.Files;

/// <summary>Checkpoints that PyTorch wrote.</summary>
public sealed class PyTorchFixtureTests
{
    [Fact]
    public void The_same_weights_in_pickle_and_safetensors_have_the_same_bits()
    {
        using TensorFolder expected = TensorFolder.Open(Fixtures.Shared("oracle", "hf", "llama-gqa"));
        using TensorFolder found = TensorFolder.Open(Fixtures.Shared("oracle", "hf", "llama-gqa-bin"));

        Assert.Equal("pytorch_model.bin", Path.GetFileName(Assert.Single(found.Files).Path));
        Assert.Equal(21, found.Tensors.Count());
        Assert.Equal(
            expected.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal),
            found.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
        Assert.All(found.Tensors, tensor =>
        {
            FileTensor other = expected.Find(tensor.Name)!;
            Assert.Equal(other.Shape, tensor.Shape);
            Assert.Equal(other.Format, tensor.Format);
            Assert.Equal(expected.Singles(tensor.Name), found.Singles(tensor.Name));
            Assert.Equal(
                expected.Bytes(tensor.Name, 0, (int)other.ByteLength),
                found.Bytes(tensor.Name, 0, (int)tensor.ByteLength));
        });
    }

    [Theory]
    [InlineData("lora_emb_conv1d", "base_model.model.emb.lora_embedding_A", "8, 100")]
    [InlineData("lora_mlp", "base_model.model.lin0.lora_A.weight", "8, 10")]
    [InlineData("lora_mlp_modules_to_save", "base_model.model.lin1.bias", "2")]
    public void Adapters_of_a_later_version_are_read(string folder, string name, string shape)
    {
        using TensorFile file =
            TensorFile.Open(Fixtures.Shared("adapters", "peft-regression", folder, "adapter_model.bin"));

        Assert.Equal(shape, string.Join(", ", file[name].Shape));
        Assert.All(file.Tensors, tensor => Assert.DoesNotContain(file.Singles(tensor), float.IsNaN));
        Assert.Throws<ModelFormatException>(() => file["none"]);
    }

    [Fact]
    public void A_tensor_that_was_saved_alone_has_the_archives_name()
    {
        using TensorFile file =
            TensorFile.Open(Fixtures.Shared("adapters", "peft-regression", "lora_mlp", "output.pt"));

        FileTensor tensor = Assert.Single(file.Tensors);
        Assert.Equal(("output", "9, 2"), (tensor.Name, string.Join(", ", tensor.Shape)));
    }
}
