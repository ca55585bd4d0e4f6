using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers.HuggingFace;

/// <summary>The table of post-processors, by their <c>type</c> in a <c>tokenizer.json</c>. A new one is one line
/// here.</summary>
/// <remarks>Source: the processors of Hugging Face's tokenizers 0.22, and its documentation.</remarks>
internal static class TextFrames
{
    /// <summary>Every one this software has, and how it is read.</summary>
    public static IReadOnlyList<TypedReader<TextFrame>> All { get; } =
    [
        new("Sequence", ReadSequence),
        new("TemplateProcessing", ReadTemplate),
        new("ByteLevel", ReadByteLevel),
        new("BertProcessing", ReadEnds),
        new("RobertaProcessing", ReadEnds),
    ];

    private static TextFrame ReadSequence(JsonField field)
    {
        field.AllowOnly("type", "processors");
        return field["processors"].Items().Aggregate(
            TextFrame.Empty, static (inner, processor) => inner.Within(All.Read(processor)));
    }

    /// <summary>It says what offsets mean, and these are of no use here.</summary>
    private static TextFrame ReadByteLevel(JsonField field)
    {
        field.AllowOnly("type", "add_prefix_space", "trim_offsets", "use_regex");
        return TextFrame.Empty;
    }

    private static TextFrame ReadEnds(JsonField field)
    {
        field.AllowOnly("type", "sep", "cls", "trim_offsets", "add_prefix_space");
        return new([ReadPair(field["cls"])], [ReadPair(field["sep"])]);
    }

    /// <summary>A token as its spelling and its id.</summary>
    private static int ReadPair(JsonField field) => field.Items().ToArray() is [JsonField text, JsonField id]
        && text.AsText().Length > 0
            ? id.AsInteger()
            : throw field.Wrong("a token and its id");

    /// <summary>The template for one text; that for a pair of texts is of no use here.</summary>
    private static TextFrame ReadTemplate(JsonField field)
    {
        field.AllowOnly("type", "single", "pair", "special_tokens");
        List<int> before = [];
        List<int> after = [];
        bool isAfter = false;
        foreach (JsonField item in field["single"].Items())
        {
            item.AllowOnly("SpecialToken", "Sequence");
            if (item.Find("SpecialToken") is { } special)
            {
                (isAfter ? after : before).AddRange(ReadIds(field["special_tokens"], special["id"]));
            }
            else if (!isAfter && item["Sequence"]["id"].AsText() == "A")
            {
                isAfter = true;
            }
            else
            {
                throw item.Wrong("the sequence A, once");
            }
        }

        return isAfter ? new(before, after) : throw field["single"].Wrong("the sequence A, once");
    }

    private static IEnumerable<int> ReadIds(JsonField tokens, JsonField name)
    {
        JsonField token = tokens.Find(name.AsText()) ?? throw name.Wrong($"a token of {tokens.Name}");
        token.AllowOnly("id", "ids", "tokens");
        return token["ids"].Items().Select(static id => id.AsInteger());
    }
}
