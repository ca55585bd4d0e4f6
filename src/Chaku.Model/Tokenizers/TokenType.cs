namespace Chaku.Model.Tokenizers;

/// <summary>What a vocabulary says a token is; the numbers are those of <c>tokenizer.ggml.token_type</c>.</summary>
internal enum TokenType
{
    /// <summary>A number this software does not know; treated as text.</summary>
    Undefined = 0,

    /// <summary>A piece of text.</summary>
    Normal = 1,

    /// <summary>Stands for what the vocabulary cannot spell.</summary>
    Unknown = 2,

    /// <summary>A mark such as BOS: never made from plain text, never shown.</summary>
    Control = 3,

    /// <summary>Text that is always one token, found before anything else.</summary>
    UserDefined = 4,

    /// <summary>A reserved piece of text.</summary>
    Unused = 5,

    /// <summary>One byte, spelled <c>&lt;0x41&gt;</c>.</summary>
    Byte = 6,
}
