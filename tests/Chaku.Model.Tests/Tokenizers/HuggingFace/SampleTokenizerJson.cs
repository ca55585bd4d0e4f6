namespace Chaku.Model.Tests.Tokenizers.HuggingFace;

/// <summary>A small <c>tokenizer.json</c>, to be written otherwise in one place.</summary>
internal static class SampleTokenizerJson
{
    /// <summary>
    /// Letters a, b and c, the merges ab and abc, and the marks <c>&lt;s&gt;</c>, <c>&lt;/s&gt;</c> and
    /// <c>&lt;unk&gt;</c>.
    /// </summary>
    public const string Text = """
        {
          "version": "1.0",
          "added_tokens": [
            {"id": 0, "content": "<unk>", "special": true},
            {"id": 1, "content": "<s>", "special": true},
            {"id": 2, "content": "</s>", "special": true}
          ],
          "normalizer": null,
          "pre_tokenizer": null,
          "post_processor": null,
          "decoder": {"type": "Fuse"},
          "model": {
            "type": "BPE",
            "unk_token": "<unk>",
            "vocab": {"<unk>": 0, "<s>": 1, "</s>": 2, "a": 3, "b": 4, "c": 5, "ab": 6, "abc": 7},
            "merges": ["a b", "ab c"]
          }
        }
        """;

    /// <summary>The file with something else in the place of one of its parts, which it has once.</summary>
    public static string With(string part, string other)
    {
        Assert.Equal(Text.IndexOf(part, StringComparison.Ordinal), Text.LastIndexOf(part, StringComparison.Ordinal));
        Assert.Contains(part, Text, StringComparison.Ordinal);
        return Text.Replace(part, other, StringComparison.Ordinal);
    }
}
