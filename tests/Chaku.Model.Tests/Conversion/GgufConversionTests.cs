using Chaku.Tests;

namespace Chaku.Model.Tests.Conversion;

/// <summary>Folders become the GGUF files that other programs make of them.</summary>
public sealed class GgufConversionTests
{
    /// <summary>Folders of the clone with a file of the same weights.</summary>
    public static TheoryData<string> Pairs =>
        [.. TestModels.Folders.Where(name => File.Exists(TestModels.PathOf($"families/{name}.gguf")))];

    /// <summary>Folders whose file llama.cpp's own converter has confirmed to the bit.</summary>
    public static TheoryData<string, string> Confirmed => new()
    {
        { "llama-gqa", "llama-gqa" },
        { "llama-gqa-sharded", "llama-gqa" },
        { "llama-gqa-bin", "llama-gqa" },
        { "qwen2", "qwen2" },
        { "falcon-7b-style", "falcon-7b-style" },
        { "bloom-4h", "bloom-4h" },
        { "gptneox-parallel", "gptneox-parallel" },
        { "gpt2", "gpt2" },
        { "phi3", "phi3" },
    };

    [Theory]
    [MemberData(nameof(Pairs))]
    public void A_folder_becomes_the_file_of_the_same_weights(string name)
    {
        using TemporaryFolder folder = new();
        string expected = TestModels.PathOf($"families/{name}.gguf");

        Converted.Run(TestModels.PathOf($"folders/{name}"), folder["made.gguf"]);

        Converted.AssertSameTensors(expected, folder["made.gguf"]);
        Converted.AssertHasSettings(expected, folder["made.gguf"]);
    }

    [Theory]
    [MemberData(nameof(Confirmed))]
    public void A_folder_becomes_what_the_converter_of_llama_cpp_makes_of_it(string name, string file)
    {
        string source = Fixtures.Shared("oracle", "hf", name);
        string expected = Fixtures.Shared("models", "tiny", file + ".gguf");
        using TemporaryFolder folder = new();

        Converted.Run(source, folder["made.gguf"]);

        // Falcon's folder names no context; llama.cpp's converter writes the same number for all of them.
        Converted.AssertSameTensors(expected, folder["made.gguf"]);
        string except = name == "falcon-7b-style" ? "falcon.context_length" : "";
        Converted.AssertHasSettings(expected, folder["made.gguf"], except);
    }
}
