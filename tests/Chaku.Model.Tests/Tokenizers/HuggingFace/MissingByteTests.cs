using System.Text.Json.Nodes;
using Chaku.Model.Tokenizers;
using Chaku.Model.Tokenizers.HuggingFace;
using Chaku.Tests;

namespace Chaku.Model.Tests.Tokenizers.HuggingFace;

/// <summary>Gemma's vocabulary has no byte token for the tab, which is a token itself.</summary>
public sealed class MissingByteTests
{
    private const int Tab = 5;
    private const int FirstByte = 6;

    // Tokens in a row: <unk>, the space, a, b, ab, the tab, then every byte but the tab's.
    [Theory]
    [InlineData("\tab", new[] { Tab, 4 })]
    [InlineData("a\tb ab", new[] { 2, Tab, 3, 1, 4 })]
    [InlineData("\u0001ab\u0001", new[] { FirstByte + 1, 4, FirstByte + 1 })]
    [InlineData("ab\u00E9\tab", new[] { 4, FirstByte + 0xC3 - 1, FirstByte + 0xA9 - 1, Tab, 4 })]
    public void Everything_is_spelled_all_the_same(string text, int[] expected)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["tokenizer.json"], Definition().ToJsonString());
        Tokenizer tokenizer = TokenizerFolder.Open(folder.Path).Tokenizer!;

        Assert.Equal(expected, tokenizer.Encode(text));
        Assert.Equal(text, tokenizer.Decode(expected));
    }

    private static JsonObject Definition()
    {
        JsonObject ids = new() { ["<unk>"] = 0, ["▁"] = 1, ["a"] = 2, ["b"] = 3, ["ab"] = 4, ["\t"] = Tab };
        foreach (int value in Enumerable.Range(0, 256).Where(value => value != '\t'))
        {
            ids[$"<0x{value:X2}>"] = ids.Count;
        }

        return new JsonObject
        {
            ["normalizer"] = new JsonObject
            {
                ["type"] = "Replace",
                ["pattern"] = new JsonObject { ["String"] = " " },
                ["content"] = "▁",
            },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["unk_token"] = "<unk>",
                ["fuse_unk"] = true,
                ["byte_fallback"] = true,
                ["vocab"] = ids,
                ["merges"] = new JsonArray("a b"),
            },
            ["decoder"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["decoders"] = new JsonArray(
                    new JsonObject
                    {
                        ["type"] = "Replace",
                        ["pattern"] = new JsonObject { ["String"] = "▁" },
                        ["content"] = " ",
                    },
                    new JsonObject { ["type"] = "ByteFallback" },
                    new JsonObject { ["type"] = "Fuse" }),
            },
        };
    }
}
