using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers.HuggingFace.PreTokenisation;

/// <summary>Where Metaspace puts a mark before text that begins without one.</summary>
internal enum MetaspacePrefix
{
    /// <summary>Nowhere.</summary>
    Never,

    /// <summary>Where the whole text begins.</summary>
    First,

    /// <summary>Before every piece, so behind every special token.</summary>
    Always,
}

/// <summary>Reads what the pre-tokeniser and the decoder named Metaspace have in common.</summary>
internal static class MetaspaceFields
{
    /// <summary>Reads <c>replacement</c>: one character.</summary>
    public static string ReadMark(JsonField field)
    {
        string mark = field["replacement"].AsText();
        return mark.EnumerateRunes().Count() == 1 ? mark : throw field["replacement"].Wrong("one character");
    }

    /// <summary>Reads <c>prepend_scheme</c>, or the older <c>add_prefix_space</c>.</summary>
    public static MetaspacePrefix ReadPrefix(JsonField field)
    {
        bool? addsPrefix = field.Find("add_prefix_space")?.AsBoolean();
        MetaspacePrefix prefix = field.FindText("prepend_scheme") switch
        {
            null => addsPrefix == false ? MetaspacePrefix.Never : MetaspacePrefix.Always,
            "never" => MetaspacePrefix.Never,
            "first" => MetaspacePrefix.First,
            "always" => MetaspacePrefix.Always,
            _ => throw field["prepend_scheme"].Wrong("one of always, first, never"),
        };
        return addsPrefix != false || prefix == MetaspacePrefix.Never
            ? prefix
            : throw field["prepend_scheme"].Wrong("never, where add_prefix_space is false");
    }
}
