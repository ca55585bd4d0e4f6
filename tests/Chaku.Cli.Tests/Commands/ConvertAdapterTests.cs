using System.Text.Json;
using Chaku.Tests;

namespace Chaku.Cli.Tests.Commands;

/// <summary>Adapters from a folder to a file and back, which every command takes.</summary>
public sealed class ConvertAdapterTests : CommandSuite
{
    private static string Peft => Fixtures.TestData("oracle", "peft", "llama-gqa");

    [Fact]
    public void A_converted_adapter_gives_the_same_logits_and_is_shown()
    {
        string file = InFolder("a.gguf");
        using JsonDocument said = JsonDocument.Parse(
            Run("convert", Peft, "-o", file, "--model", TinyModel, "--json").Output);
        Run("convert", file, "-o", InFolder("back"), "--model", TinyModel);
        using JsonDocument shown = JsonDocument.Parse(Result("show", file, "--json"));

        Assert.Equal("PEFT", said.RootElement.GetProperty("from").GetString());
        Assert.Equal("GGUF", said.RootElement.GetProperty("to").GetString());
        Assert.Equal(14, said.RootElement.GetProperty("matrix_count").GetInt32());
        Assert.Equal(1, said.RootElement.GetProperty("notices").GetArrayLength());
        Assert.Equal("adapter", shown.RootElement.GetProperty("kind").GetString());
        Assert.Equal("GGUF", shown.RootElement.GetProperty("container").GetString());
        Assert.Equal(4, shown.RootElement.GetProperty("rank").GetInt32());
        Assert.Equal(14, shown.RootElement.GetProperty("effects").GetArrayLength());
        byte[] expected = Logits(Peft);
        Assert.Equal(expected, Logits(file));
        Assert.Equal(expected, Logits(InFolder("back")));
        Assert.NotEqual(expected, Logits(file + "=0.5"));
    }

    [Fact]
    public void What_the_file_says_of_the_command_has_no_folders_of_its_maker()
    {
        string file = InFolder("a.gguf");
        Run("convert", Peft, "-o", file, "--model", TinyModel);

        using JsonDocument shown = JsonDocument.Parse(Result("show", file, "--json"));

        Assert.Equal(
            "chaku convert llama-gqa -o a.gguf --model llama-gqa.gguf",
            shown.RootElement.GetProperty("metadata").GetProperty("chaku.made_with").GetString());
    }

    [Fact]
    public void An_adapter_in_the_place_of_a_model_is_named()
    {
        string file = Fixtures.TestData("oracle", "gguf-adapter", "llama-gqa.lora-init.gguf");

        Assert.Contains(
            "expected a model, found an adapter, which stands behind --adapter",
            Refusal(ExitCodes.Failure, "run", file, "abc"),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_input_is_one_line_and_nothing_is_written()
    {
        string other = Fixtures.TestData("models", "quant", "llama-gqa-Q8_0.gguf");
        Refuse("in the format PEFT already", Peft, InFolder("b"), TinyModel);
        Refuse("no such file or folder", InFolder("none"), InFolder("b"), TinyModel);
        Refuse("is not a GGUF file of an adapter", TinyModel, InFolder("b"), TinyModel);
        Refuse("but this model's is [256, 256]", Peft, InFolder("b.gguf"), other);
        Assert.Empty(Directory.GetFileSystemEntries(Folder));

        static void Refuse(string reason, string source, string target, string model) => Assert.Contains(
            reason,
            Refusal(ExitCodes.Failure, "convert", source, "-o", target, "--model", model),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Neither_base_nor_adapter_nor_what_is_there_is_written_over()
    {
        string model = InFolder("base.gguf");
        File.Copy(TinyModel, model);
        string link = InFolder("link.gguf");
        File.CreateSymbolicLink(link, "base.gguf");
        string peft = InFolder("peft");
        Directory.CreateDirectory(peft);
        Array.ForEach(Directory.GetFiles(Peft), file => File.Copy(file, Path.Combine(peft, Path.GetFileName(file))));
        string taken = Write("taken.gguf", "mine");
        string file = Fixtures.TestData("oracle", "gguf-adapter", "llama-gqa.lora-init.gguf");

        Refuse("cannot take the place", peft, model, "--force");
        Refuse("cannot take the place", peft, link, "--force");
        Refuse("which it is made from", peft, InFolder("peft/adapter_config.json"), "--force");
        Refuse("--force writes over it", peft, taken);
        Refuse("--force writes over it", file, peft);
        Refuse("folder does not exist", peft, InFolder("none/a.gguf"));
        Assert.Equal(File.ReadAllBytes(TinyModel), File.ReadAllBytes(model));
        Assert.Equal("mine", File.ReadAllText(taken));
        Assert.Equal(
            ExitCodes.Success, Run("convert", peft, "-o", taken, "--model", model, "--force").ExitCode);

        void Refuse(string reason, string source, string target, params string[] more) => Assert.Contains(
            reason,
            Refusal(ExitCodes.Failure, ["convert", source, "-o", target, "--model", model, .. more]),
            StringComparison.Ordinal);
    }

    private byte[] Logits(string adapter)
    {
        string path = InFolder("logits.bin");
        Assert.Equal(
            ExitCodes.Success,
            Run("logits", TinyModel, "--adapter", adapter, "--tokens", "1 300 17", "--out", path).ExitCode);
        return File.ReadAllBytes(path);
    }
}
