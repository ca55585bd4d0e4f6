using Chaku.Model.Conversion;
using Chaku.Tests;

namespace Chaku.Model.Tests.Conversion;

/// <summary>A folder that had another model never has files of both, wherever the writing ends.</summary>
public sealed class FolderFilesTests
{
    private static readonly string[] Old = ["config.json", "model.safetensors", "mine.txt"];

    [Fact]
    public void Where_a_rename_fails_there_is_neither_the_old_model_nor_half_of_the_new()
    {
        using TemporaryFolder folder = WithOldModel();

        Assert.Throws<IOException>(() => FolderFiles.Write(
            folder.Path,
            [
                ("config.json", stream =>
                {
                    stream.WriteByte(1);
                    Directory.CreateDirectory(folder["model.safetensors.index.json"]);
                }),
                ("model-00001-of-00001.safetensors", stream => stream.WriteByte(1)),
                ("model.safetensors.index.json", stream => stream.WriteByte(1)),
            ]));

        Assert.Equal(
            ["mine.txt", "model-00001-of-00001.safetensors"],
            Directory.GetFiles(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Where_writing_fails_the_old_model_stays()
    {
        using TemporaryFolder folder = WithOldModel();

        Assert.Throws<InvalidDataException>(() => FolderFiles.Write(
            folder.Path,
            [
                ("config.json", stream => stream.WriteByte(1)),
                ("tokenizer.json", _ => throw new InvalidDataException("no")),
            ]));

        Assert.Equal(
            Old.Order(StringComparer.Ordinal),
            Directory.GetFiles(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.All(Old, name => Assert.Equal("old", File.ReadAllText(folder[name])));
    }

    [Fact]
    public void The_settings_get_their_name_last()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["made"]);
        List<string> order = [];

        FolderFiles.Write(
            folder["made"],
            [
                ("config.json", _ => order.Add("config.json")),
                ("model.safetensors", _ => order.Add("model.safetensors")),
            ]);

        Assert.Equal(["model.safetensors", "config.json"], order);
    }

    private static TemporaryFolder WithOldModel()
    {
        TemporaryFolder folder = new();
        Array.ForEach(Old, name => folder.Write(name, "old"));
        return folder;
    }
}
