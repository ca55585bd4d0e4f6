using System.Text.Json.Nodes;
using Chaku.Model.Tokenizers;
using Chaku.Model.Tokenizers.HuggingFace;
using Chaku.Model.Tokenizers.HuggingFace.Decoders;
using Chaku.Model.Tokenizers.HuggingFace.Normalisers;
using Chaku.Model.Tokenizers.HuggingFace.PreTokenisation;
using Chaku.Tests;

namespace Chaku.Model.Tests.Tokenizers.HuggingFace;

/// <summary>
/// Every step that a <c>tokenizer.json</c> can have, against what Hugging Face's own library gives for the same file.
/// </summary>
public sealed class TokenizerStepsTests
{
    private static readonly string[] ModelProperties =
        ["fuse_unk", "byte_fallback", "ignore_merges", "unk_token"];

    private static readonly JsonNode Goldens =
        JsonNode.Parse(File.ReadAllText(Fixtures.TestData("tokenizers", "steps.json")))!;

    public static TheoryData<string> Names =>
        [.. Goldens["cases"]!.AsArray().Select(static golden => golden!["name"]!.GetValue<string>())];

    [Theory]
    [MemberData(nameof(Names))]
    public void Texts_have_the_tokens_that_the_reference_gives(string name)
    {
        JsonNode golden = Find(name);
        using TemporaryFolder folder = new();
        Tokenizer tokenizer = Open(folder, ToTokenizerJson(golden));

        foreach (JsonNode? result in golden["results"]!.AsArray())
        {
            string text = result!["text"]!.GetValue<string>();
            int[] expected = [.. result["ids"]!.AsArray().Select(static id => id!.GetValue<int>())];
            Assert.Equal(expected, tokenizer.Encode(text, parseSpecial: true));
            Assert.Equal(result["decoded"]!.GetValue<string>(), tokenizer.Decode(expected));
        }
    }

    [Fact]
    public void Every_entry_of_every_table_and_every_property_of_the_model_is_in_a_golden()
    {
        IEnumerable<string> types =
        [
            .. TextNormalisers.All.Select(static entry => entry.Type),
            .. PieceSteps.All.Select(static entry => entry.Type),
            .. TokenDecoders.All.Select(static entry => entry.Type),
            .. TextFrames.All.Select(static entry => entry.Type),
            .. Enum.GetNames<CutBehaviour>(),
        ];
        string text = Goldens["cases"]!.ToJsonString();

        Assert.All(types, type => Assert.Contains($"\"{type}\"", text, StringComparison.Ordinal));
        Assert.All(ModelProperties, property => Assert.Contains($"\"{property}\"", text, StringComparison.Ordinal));
    }

    [Fact]
    public void Merges_may_be_written_as_lines_too()
    {
        JsonNode golden = Find("plain");
        JsonObject json = ToTokenizerJson(golden);
        JsonArray merges = json["model"]!["merges"]!.AsArray();
        json["model"]!["merges"] = new JsonArray([.. merges.Select(
            static pair => (JsonNode)$"{pair![0]!.GetValue<string>()} {pair[1]!.GetValue<string>()}")]);
        using TemporaryFolder folder = new();
        Tokenizer tokenizer = Open(folder, json);

        JsonNode result = golden["results"]![0]!;
        Assert.Equal(
            result["ids"]!.AsArray().Select(static id => id!.GetValue<int>()),
            tokenizer.Encode(result["text"]!.GetValue<string>(), parseSpecial: true));
    }

    [Fact]
    public void A_mark_in_a_users_text_is_text()
    {
        using TemporaryFolder folder = new();
        Tokenizer tokenizer = Open(folder, ToTokenizerJson(Find("ByteLevel")));

        int[] ids = tokenizer.Encode("a</s>b");

        Assert.DoesNotContain(2, ids);
        Assert.Equal("a</s>b", tokenizer.Decode(ids));
    }

    [Fact]
    public void White_space_beside_a_mark_goes_even_where_another_span_has_it()
    {
        using TemporaryFolder folder = new();
        JsonObject json = ToTokenizerJson(Find("added both"));
        Tokenizer tokenizer = Open(folder, json);
        int mark = tokenizer.Vocabulary.Find("[X]")!.Value;
        List<int> ids = [];

        tokenizer.Append([new("a \n", false), new("[X]", true), new("  ", false), new("\tb", false)], ids);

        Assert.Equal([.. tokenizer.Encode("a"), mark, .. tokenizer.Encode("b")], ids);
    }

    [Fact]
    public void A_million_times_one_letter_takes_about_as_long_per_letter_as_a_thousand_times()
    {
        using TemporaryFolder folder = new();
        Tokenizer tokenizer = Open(folder, ToTokenizerJson(Find("Llama 2's steps")));

        foreach (string letter in new[] { "a", " ", "0", "日", "\u0301" })
        {
            string text = string.Concat(Enumerable.Repeat(letter, 1 << 18));
            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
        }
    }

    /// <summary>
    /// Falcon's vocabulary has no token for most control characters, and no unknown token.
    /// The reference leaves such characters out, which makes another text.
    /// </summary>
    [Fact]
    public void A_control_character_without_a_token_is_refused_by_name()
    {
        JsonObject json = ToTokenizerJson(Find("ByteLevel without words"));
        JsonObject model = json["model"]!.AsObject();
        Assert.True(model["vocab"]!.AsObject().Remove("\u0103"));
        Assert.True(model.Remove("unk_token"));
        using TemporaryFolder folder = new();
        Tokenizer tokenizer = Open(folder, json);

        Exception error = Assert.Throws<UnspellableTextException>(() => tokenizer.Encode("a\u0003b"));

        Assert.Contains("U+0003", error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(tokenizer.Encode("ab"));
    }

    /// <summary>The golden of that name.</summary>
    internal static JsonNode Find(string name) =>
        Goldens["cases"]!.AsArray().Single(golden => golden!["name"]!.GetValue<string>() == name)!;

    /// <summary>The file that a golden is of.</summary>
    internal static JsonObject ToTokenizerJson(JsonNode golden)
    {
        JsonObject model = golden["model"]!.DeepClone().AsObject();
        model["type"] = "BPE";
        JsonNode vocabulary = Goldens["vocabularies"]![golden["vocabulary"]!.GetValue<string>()]!;
        model["vocab"] = vocabulary["vocab"]!.DeepClone();
        model["merges"] = vocabulary["merges"]!.DeepClone();
        JsonObject json = new() { ["version"] = "1.0", ["model"] = model };
        foreach (string step in new[] { "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder" })
        {
            json[step] = golden[step]?.DeepClone();
        }

        return json;
    }

    private static Tokenizer Open(TemporaryFolder folder, JsonObject json)
    {
        File.WriteAllText(Path.Combine(folder.Path, "tokenizer.json"), json.ToJsonString());
        return TokenizerFolder.Open(folder.Path).Tokenizer!;
    }
}
