using System.Text.Json.Nodes;
using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Model.Tests.Conversion;

/// <summary>Frequencies that Llama 3's scaling has changed: four numbers in one form, a tensor in the other.</summary>
public sealed class RotaryConversionTests
{
    private const int Original = 8192;

    /// <summary>
    /// Size of a head, factor, and the bits of the divisors between those that are 1 and those that are the factor.
    /// </summary>
    /// <remarks>
    /// Computed by PyTorch 1.13 with the code of <c>generate_extra_tensors</c> in llama.cpp's converter: θ 500,000,
    /// bands at 1 and 4.
    /// </remarks>
    public static TheoryData<int, float, int, uint[]> OfLlamaCpp => new()
    {
        { 64, 8, 15, [0x3fc6d64a, 0x402c732e, 0x40a83c06] },
        { 128, 8, 29, [0x3f9a8ed5, 0x3fc6d64a, 0x4001af1d, 0x402c732e, 0x406bcace, 0x40a83c06] },
        { 64, 32, 15, [0x3fd35ec2, 0x4052b46f, 0x411aaaee] },
        { 128, 32, 29, [0x3f9e126b, 0x3fd35ec2, 0x4011b4ca, 0x4052b46f, 0x40a57db9, 0x411aaaee] },
    };

    [Theory]
    [MemberData(nameof(OfLlamaCpp))]
    public void A_folder_gets_the_divisors_of_llama_cpp_and_has_its_numbers_again(
        int headSize, float factor, int first, uint[] bits)
    {
        using TemporaryFolder folder = new();
        using TemporaryFolder made = new();
        WriteScaled(folder, headSize, factor);

        Converted.Run(folder.Path, made["made.gguf"]);
        Converted.Run(made["made.gguf"], made["back"]);

        Assert.Equal(Divisors(headSize, factor, first, bits), Divisors(made["made.gguf"]));
        AssertScaling(factor, made["back"]);
        Assert.DoesNotContain(
            "chaku_divisors", File.ReadAllText(Path.Combine(made["back"], "config.json")), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(OfLlamaCpp))]
    public void Divisors_that_another_program_rounded_otherwise_come_back_to_the_last_digit(
        int headSize, float factor, int first, uint[] bits)
    {
        using TemporaryFolder folder = new();
        using TemporaryFolder made = new();
        WriteScaled(folder, headSize, factor);
        Converted.Run(folder.Path, made["made.gguf"]);
        uint[] others = [.. bits.Select((value, i) => value + 3 - (uint)i)];
        Patch(made["made.gguf"], Divisors(headSize, factor, first, others));

        Converted.Run(made["made.gguf"], made["back"]);
        Converted.Run(made["back"], made["again.gguf"]);

        AssertScaling(factor, made["back"]);
        Assert.Equal(Divisors(headSize, factor, first, others), Divisors(made["again.gguf"]));
        string config = Path.Combine(made["back"], "config.json");
        JsonNode root = JsonNode.Parse(File.ReadAllText(config))!;
        root["rope_scaling"]!["chaku_divisors"]![0] = 1.01;
        File.WriteAllText(config, root.ToJsonString());
        Assert.Contains(
            "but for their last digits",
            Assert.Throws<ModelFormatException>(() => Converted.Run(made["back"], made["wrong.gguf"])).Message,
            StringComparison.Ordinal);
    }

    private static void WriteScaled(TemporaryFolder folder, int headSize, float factor) =>
        SmallLlama.Write(folder, headSize, config => config["rope_scaling"] = new JsonObject
        {
            ["rope_type"] = "llama3",
            ["factor"] = factor,
            ["low_freq_factor"] = 1.0,
            ["high_freq_factor"] = 4.0,
            ["original_max_position_embeddings"] = Original,
        });

    private static void AssertScaling(float factor, string folder)
    {
        JsonNode config = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "config.json")))!;
        JsonNode scaling = config["rope_scaling"]!;
        Assert.Equal("llama3", scaling["rope_type"]!.GetValue<string>());
        Assert.Equal(factor, scaling["factor"]!.GetValue<float>());
        Assert.Equal(1, scaling["low_freq_factor"]!.GetValue<float>());
        Assert.Equal(4, scaling["high_freq_factor"]!.GetValue<float>());
        Assert.Equal(Original, scaling["original_max_position_embeddings"]!.GetValue<int>());
    }

    private static float[] Divisors(int headSize, float factor, int first, uint[] bits) =>
    [
        .. Enumerable.Repeat(1f, first),
        .. bits.Select(BitConverter.UInt32BitsToSingle),
        .. Enumerable.Repeat(factor, (headSize / 2) - first - bits.Length),
    ];

    private static float[] Divisors(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        GgufTensor tensor = file["rope_freqs.weight"];
        byte[] bytes = file.Bytes(tensor, 0, (int)tensor.ByteLength).ToArray();
        return [.. bytes.Chunk(sizeof(float)).Select(value => BitConverter.ToSingle(value))];
    }

    private static void Patch(string path, float[] divisors)
    {
        byte[] bytes = File.ReadAllBytes(path);
        using (GgufFile file = GgufFile.Open(path))
        {
            divisors.SelectMany(BitConverter.GetBytes).ToArray().CopyTo(bytes, file["rope_freqs.weight"].Offset);
        }

        File.WriteAllBytes(path, bytes);
    }
}
